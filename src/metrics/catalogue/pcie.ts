import { familiesOf } from '../family.js';
import { readingSeries } from '../reading.js';
import { gpus } from '../subjects.js';

/** The PCIe link. */
export const pcie = familiesOf(gpus, [
  {
    name: 'gpu_pcie_link_generation',
    type: 'gauge',
    help: 'Current PCIe generation of the link; lower when idle',
    origin: 'nvmlDeviceGetCurrPcieLinkGeneration',
    series: [readingSeries('pcie_link_generation')],
  },
  {
    name: 'gpu_pcie_link_generation_max',
    type: 'gauge',
    help: 'Highest PCIe generation that GPU and slot can reach together',
    origin: 'nvmlDeviceGetMaxPcieLinkGeneration',
    series: [readingSeries('pcie_link_generation_max')],
  },
  {
    name: 'gpu_pcie_link_width_lanes',
    type: 'gauge',
    help: 'Current width of the PCIe link',
    origin: 'nvmlDeviceGetCurrPcieLinkWidth',
    series: [readingSeries('pcie_link_width_lanes')],
  },
  {
    name: 'gpu_pcie_link_width_lanes_max',
    type: 'gauge',
    help: 'Greatest width of the PCIe link that GPU and slot can reach together',
    origin: 'nvmlDeviceGetMaxPcieLinkWidth',
    series: [readingSeries('pcie_link_width_lanes_max')],
  },
]);
