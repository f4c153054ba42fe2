import { familiesOf } from '../family.js';
import { ofGpu } from '../reading.js';
import { gpus } from '../subjects.js';

/** The PCIe link. */
export const pcie = familiesOf(gpus, [
  ofGpu.gauge(
    'gpu_pcie_link_generation',
    'Current PCIe generation of the link; lower when idle',
    'pcie_link_generation',
  ),
  ofGpu.gauge(
    'gpu_pcie_link_generation_max',
    'Highest PCIe generation that GPU and slot can reach together',
    'pcie_link_generation_max',
  ),
  ofGpu.gauge(
    'gpu_pcie_link_generation_device_max',
    'Highest PCIe generation that the GPU can reach in any slot',
    'pcie_link_generation_device_max',
    { optIn: true, needs: 'drivers 525 and newer' },
  ),
  ofGpu.gauge('gpu_pcie_link_width_lanes', 'Current width of the PCIe link', 'pcie_link_width_lanes'),
  ofGpu.gauge(
    'gpu_pcie_link_width_lanes_max',
    'Greatest width of the PCIe link that GPU and slot can reach together',
    'pcie_link_width_lanes_max',
  ),
  ofGpu.gauge(
    'gpu_pcie_link_speed_bytes_per_second',
    'Current speed of one lane of the PCIe link, before its encoding',
    'pcie_link_speed_bytes_per_second',
    { optIn: true, needs: 'drivers 515 and newer' },
  ),
  ofGpu.counter('gpu_pcie_transmit_bytes_total', 'Bytes the GPU sent over PCIe', 'pcie_transmit_bytes_total', {
    needs: 'drivers 555 and newer',
  }),
  ofGpu.counter('gpu_pcie_receive_bytes_total', 'Bytes the GPU received over PCIe', 'pcie_receive_bytes_total', {
    needs: 'drivers 555 and newer',
  }),
  ofGpu.counter('gpu_pcie_replays_total', 'Packets that were sent again over PCIe', 'pcie_replays_total'),
  ofGpu.counter(
    'gpu_pcie_replay_rollovers_total',
    'Times the counter of replays began anew',
    'pcie_replay_rollovers_total',
    { optIn: true },
  ),
  ofGpu.counter(
    'gpu_pcie_l0_to_recovery_total',
    'Times the PCIe link had to be trained again',
    'pcie_l0_to_recovery_total',
    { needs: 'drivers 530 and newer' },
  ),
  ofGpu.counter(
    'gpu_pcie_errors_total',
    'Errors of the PCIe link by type',
    ofGpu.by('type', {
      bad_dllp: 'pcie_bad_dllp_errors_total',
      bad_tlp: 'pcie_bad_tlp_errors_total',
      correctable: 'pcie_correctable_errors_total',
      fatal: 'pcie_fatal_errors_total',
      lane: 'pcie_lane_errors_total',
      lcrc: 'pcie_lcrc_errors_total',
      naks_received: 'pcie_naks_received_errors_total',
      naks_sent: 'pcie_naks_sent_errors_total',
      non_fatal: 'pcie_non_fatal_errors_total',
      receiver: 'pcie_receiver_errors_total',
      unsupported_request: 'pcie_unsupported_request_errors_total',
    }),
    { optIn: true, needs: 'data-centre boards; drivers 535 and newer' },
  ),
]);
