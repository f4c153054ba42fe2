import { familiesOf } from '../family.js';
import { ofGpu } from '../reading.js';
import { gpus } from '../subjects.js';

const SCOPES = 'scope module: superchips (GH200, GB200 and newer)';
const OTHER_SCOPES = 'scopes other than `gpu`';

/** Power and energy. */
export const power = familiesOf(gpus, [
  ofGpu.gauge(
    'gpu_power_watts',
    'Power draw of the board; an average over a second on Ampere (but GA100) and newer',
    'power_watts',
  ),
  ofGpu.gauge(
    'gpu_power_average_watts',
    'Power draw averaged over a second',
    [ofGpu.line('power_average_watts', { scope: 'gpu' })],
    {
      needs: `Ampere or newer, but not GA100; scope memory: boards with HBM; ${SCOPES}`,
      details: {
        what: OTHER_SCOPES,
        series: ofGpu.by('scope', { memory: 'power_average_memory_watts', module: 'power_average_module_watts' }),
      },
    },
  ),
  ofGpu.gauge(
    'gpu_power_instant_watts',
    'Power draw at the moment of reading',
    [ofGpu.line('power_instant_watts', { scope: 'gpu' })],
    {
      needs: `scope memory: absent on H100 and H200; ${SCOPES}`,
      details: {
        what: OTHER_SCOPES,
        series: ofGpu.by('scope', { memory: 'power_instant_memory_watts', module: 'power_instant_module_watts' }),
      },
    },
  ),
  ofGpu.gauge(
    'gpu_power_limit_watts',
    'Power limits: the one in force, the one asked for, the default and the bounds of what can be asked for',
    ofGpu.by(
      'limit',
      {
        default: 'power_limit_default_watts',
        enforced: 'power_limit_enforced_watts',
        max: 'power_limit_max_watts',
        min: 'power_limit_min_watts',
        requested: 'power_limit_requested_watts',
      },
      { scope: 'gpu' },
    ),
    {
      needs: SCOPES,
      details: {
        what: OTHER_SCOPES,
        series: ofGpu.by(
          'limit',
          {
            default: 'power_limit_default_module_watts',
            enforced: 'power_limit_enforced_module_watts',
            max: 'power_limit_max_module_watts',
            min: 'power_limit_min_module_watts',
            requested: 'power_limit_requested_module_watts',
          },
          { scope: 'module' },
        ),
      },
    },
  ),
  ofGpu.counter(
    'gpu_energy_joules_total',
    'Energy used since the driver was loaded, as the driver counts it',
    [ofGpu.line('energy_joules_total', { scope: 'gpu' })],
    {
      needs: `Volta or newer; scope memory: boards with HBM; ${SCOPES}`,
      details: {
        what: OTHER_SCOPES,
        series: ofGpu.by('scope', { memory: 'energy_memory_joules_total', module: 'energy_module_joules_total' }),
      },
    },
  ),
  ofGpu.gauge(
    'gpu_power_source',
    'Where power comes from, 1 for the current source',
    ofGpu.states('power_source', 'source', { ac: 0, battery: 1, undersized: 2 }),
    { optIn: true, needs: 'drivers 510 and newer' },
  ),
  ofGpu.gauge(
    'gpu_edpp_multiplier_ratio',
    "Multiplier of the board's electrical design point for peaks (EDPp)",
    'edpp_multiplier_ratio',
    { optIn: true, needs: 'data-centre boards; drivers 590 and newer' },
  ),
]);
