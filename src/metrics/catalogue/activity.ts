import { familiesOf } from '../family.js';
import { ofGpu } from '../reading.js';
import { gpus } from '../subjects.js';
import { ENGINES, ENGINES_SINCE, PIPES, TENSOR_PIPES, TENSOR_SINCE } from './activity-lines.js';

const HOPPER = { needs: 'Hopper or newer; drivers 520 and newer' } as const;
const CYCLES = { optIn: true, needs: 'Hopper or newer; drivers 595 and newer' } as const;

/** A rate of GPM, there only while the driver does not count the bytes themselves. */
const unlessCounted = (rate: 'gpm_pcie_transmit_bytes_per_second' | 'gpm_pcie_receive_bytes_per_second') => {
  const value = ofGpu.value(rate);
  const counted = ofGpu.value(
    rate === 'gpm_pcie_transmit_bytes_per_second' ? 'pcie_transmit_bytes_total' : 'pcie_receive_bytes_total',
  );
  return [ofGpu.made([rate], (gpu) => (counted(gpu) === undefined ? value(gpu) : undefined))];
};

/** What the driver's performance monitoring (GPM) says of the engines, between the last two samples. */
export const activity = familiesOf(gpus, [
  ofGpu.gauge(
    'gpu_graphics_activity_ratio',
    'Share of the time in which the graphics or compute engine was active',
    'graphics_activity_ratio',
    HOPPER,
  ),
  ofGpu.gauge(
    'gpu_sm_activity_ratio',
    'Share of the time in which a multiprocessor had work, averaged over all',
    'sm_activity_ratio',
    HOPPER,
  ),
  ofGpu.gauge(
    'gpu_sm_occupancy_ratio',
    'Warps that were resident over those that fit, averaged over all multiprocessors',
    'sm_occupancy_ratio',
    HOPPER,
  ),
  ofGpu.gauge(
    'gpu_tensor_activity_ratio',
    'Share of the cycles in which a tensor pipe was active',
    [ofGpu.line('tensor_any_activity_ratio', { pipe: 'any' })],
    {
      needs: `${HOPPER.needs}; ${TENSOR_SINCE}`,
      details: { what: 'pipes other than `any`', series: ofGpu.by('pipe', TENSOR_PIPES) },
    },
  ),
  ofGpu.gauge(
    'gpu_pipe_activity_ratio',
    'Share of the cycles in which an arithmetic pipe was active',
    ofGpu.by('pipe', PIPES),
    { ...HOPPER, optIn: true },
  ),
  ofGpu.gauge(
    'gpu_dram_activity_ratio',
    'Share of the cycles in which device memory was read or written',
    'dram_activity_ratio',
    HOPPER,
  ),
  ofGpu.gauge(
    'gpu_engine_activity_ratio',
    'Share of the time in which a media engine was active',
    ENGINES.map(([labels, id]) => ofGpu.line(id, labels)),
    { needs: `${HOPPER.needs}; ${ENGINES_SINCE}`, optIn: true },
  ),
  ofGpu.gauge(
    'gpu_gpm_pcie_transmit_bytes_per_second',
    'PCIe bytes sent per second, headers included; only where gpu_pcie_transmit_bytes_total is absent',
    unlessCounted('gpm_pcie_transmit_bytes_per_second'),
    HOPPER,
  ),
  ofGpu.gauge(
    'gpu_gpm_pcie_receive_bytes_per_second',
    'PCIe bytes received per second, headers included; only where gpu_pcie_receive_bytes_total is absent',
    unlessCounted('gpm_pcie_receive_bytes_per_second'),
    HOPPER,
  ),
  ofGpu.gauge(
    'gpu_gpm_nvlink_transmit_bytes_per_second',
    'NVLink bytes sent per second over all links; the rate of gpu_nvlink_transmit_bytes_total is better',
    'gpm_nvlink_transmit_bytes_per_second',
    { ...HOPPER, optIn: true },
  ),
  ofGpu.gauge(
    'gpu_gpm_nvlink_receive_bytes_per_second',
    'NVLink bytes received per second over all links; the rate of gpu_nvlink_receive_bytes_total is better',
    'gpm_nvlink_receive_bytes_per_second',
    { ...HOPPER, optIn: true },
  ),
  ofGpu.gauge(
    'gpu_c2c_transmit_bytes_per_second',
    'Bytes sent per second to the CPU of the superchip, protocol included (total) or not (data)',
    [ofGpu.line('c2c_transmit_total_bytes_per_second', { kind: 'total' })],
    {
      needs: 'superchips (GH200, GB200 and newer)',
      details: { what: 'kind `data`', series: [ofGpu.line('c2c_transmit_data_bytes_per_second', { kind: 'data' })] },
    },
  ),
  ofGpu.gauge(
    'gpu_c2c_receive_bytes_per_second',
    'Bytes received per second from the CPU of the superchip, protocol included (total) or not (data)',
    [ofGpu.line('c2c_receive_total_bytes_per_second', { kind: 'total' })],
    {
      needs: 'superchips (GH200, GB200 and newer)',
      details: { what: 'kind `data`', series: [ofGpu.line('c2c_receive_data_bytes_per_second', { kind: 'data' })] },
    },
  ),
  ofGpu.counter(
    'gpu_sm_elapsed_cycles_total',
    'Cycles that passed on the multiprocessors since boot',
    'sm_elapsed_cycles_total',
    CYCLES,
  ),
  ofGpu.counter(
    'gpu_sm_active_cycles_total',
    'Cycles in which a multiprocessor had work since boot',
    'sm_active_cycles_total',
    CYCLES,
  ),
  ofGpu.counter(
    'gpu_tensor_active_cycles_total',
    'Cycles in which a tensor pipe was active since boot',
    ofGpu.by('pipe', {
      any: 'tensor_any_active_cycles_total',
      dfma: 'tensor_dfma_active_cycles_total',
      dmma: 'tensor_dmma_active_cycles_total',
      hmma: 'tensor_hmma_active_cycles_total',
      imma: 'tensor_imma_active_cycles_total',
    }),
    CYCLES,
  ),
  ofGpu.counter(
    'gpu_pipe_active_cycles_total',
    'Cycles in which an arithmetic pipe was active since boot',
    ofGpu.by('pipe', {
      fp16: 'pipe_fp16_active_cycles_total',
      fp32: 'pipe_fp32_active_cycles_total',
      fp64: 'pipe_fp64_active_cycles_total',
      int: 'pipe_int_active_cycles_total',
    }),
    CYCLES,
  ),
  ofGpu.gauge('gpu_mma_stall_ratio', 'Share of the time in which matrix operations waited', 'mma_stall_ratio', {
    needs: 'drivers 610 and newer',
  }),
]);
