import { familiesOf } from '../family.js';
import { ofC2cLink, ofGpu } from '../reading.js';
import { c2cLinks, gpus } from '../subjects.js';

const SUPERCHIPS = 'superchips (GH200, GB200 and newer)';
const ERRORS = { optIn: true, needs: `${SUPERCHIPS}; drivers 575 and newer` } as const;

/** Links between GPU and CPU of a superchip. */
export const c2c = [
  ...familiesOf(gpus, [
    ofGpu.gauge('gpu_c2c_links', 'Chip-to-chip links the GPU has', 'c2c_links', { needs: SUPERCHIPS }),
  ]),
  ...familiesOf(c2cLinks, [
    ofC2cLink.gauge('gpu_c2c_link_up', 'Whether the chip-to-chip link is up', 'up', {
      optIn: true,
      needs: SUPERCHIPS,
    }),
    ofC2cLink.gauge(
      'gpu_c2c_link_bandwidth_bytes_per_second',
      'Most bytes per second that the chip-to-chip link can carry',
      'bandwidth_bytes_per_second',
      { optIn: true, needs: SUPERCHIPS },
    ),
    ofC2cLink.counter(
      'gpu_c2c_errors_total',
      'Errors of the chip-to-chip link by type',
      ofC2cLink.by('type', {
        interrupt: 'interrupt_errors_total',
        replay: 'replay_errors_total',
        replay_b2b: 'replay_b2b_errors_total',
      }),
      ERRORS,
    ),
    ofC2cLink.gauge(
      'gpu_c2c_link_low_power',
      'Whether the chip-to-chip link is in its low power state',
      'low_power',
      ERRORS,
    ),
  ]),
];
