import { familiesOf } from '../family.js';
import { readingSeries, statesOf } from '../reading.js';
import { gpus } from '../subjects.js';

/** Power and energy. */
export const power = familiesOf(gpus, [
  {
    name: 'gpu_power_watts',
    type: 'gauge',
    help: 'Power draw of the board; an average over a second on Ampere (but GA100) and newer',
    origin: 'nvmlDeviceGetPowerUsage',
    series: [readingSeries('power_watts')],
  },
  {
    name: 'gpu_power_average_watts',
    type: 'gauge',
    help: 'Power draw averaged over a second',
    origin: 'field id 185',
    labelNames: ['scope'],
    series: [readingSeries('power_average_watts', { scope: 'gpu' })],
  },
  {
    name: 'gpu_power_instant_watts',
    type: 'gauge',
    help: 'Power draw at the moment of reading',
    origin: 'field id 186',
    labelNames: ['scope'],
    series: [readingSeries('power_instant_watts', { scope: 'gpu' })],
  },
  {
    name: 'gpu_power_limit_watts',
    type: 'gauge',
    help: 'Power limits: the one in force, the one asked for, the default and the bounds of what can be asked for',
    origin:
      'nvmlDeviceGetEnforcedPowerLimit, nvmlDeviceGetPowerManagementLimit, nvmlDeviceGetPowerManagementDefaultLimit, nvmlDeviceGetPowerManagementLimitConstraints',
    labelNames: ['limit', 'scope'],
    series: Object.entries({
      default: 'power_limit_default_watts',
      enforced: 'power_limit_enforced_watts',
      max: 'power_limit_max_watts',
      min: 'power_limit_min_watts',
      requested: 'power_limit_requested_watts',
    } as const).map(([limit, id]) => readingSeries(id, { limit, scope: 'gpu' })),
  },
  {
    name: 'gpu_energy_joules_total',
    type: 'counter',
    help: 'Energy used since the driver was loaded, as the driver counts it',
    origin: 'nvmlDeviceGetTotalEnergyConsumption',
    labelNames: ['scope'],
    series: [readingSeries('energy_joules_total', { scope: 'gpu' })],
  },
  {
    name: 'gpu_power_source',
    type: 'gauge',
    help: 'Where power comes from, 1 for the current source',
    origin: 'nvmlDeviceGetPowerSource',
    labelNames: ['source'],
    series: statesOf('power_source', 'source', { ac: 0, battery: 1, undersized: 2 }),
  },
]);
