import type { ReadingId } from '../../native/readings.generated.js';
import { familiesOf } from '../family.js';
import { readingSeries } from '../reading.js';
import { gpus } from '../subjects.js';

function bySeverity(corrected: ReadingId, uncorrected: ReadingId) {
  return [
    readingSeries(corrected, { severity: 'corrected', location: 'all' }),
    readingSeries(uncorrected, { severity: 'uncorrected', location: 'all' }),
  ];
}

/** Errors of the memories. */
export const ecc = familiesOf(gpus, [
  {
    name: 'gpu_ecc_mode_enabled',
    type: 'gauge',
    help: 'Whether ECC is on',
    origin: 'nvmlDeviceGetEccMode',
    series: [readingSeries('ecc_mode_enabled')],
  },
  {
    name: 'gpu_ecc_mode_pending',
    type: 'gauge',
    help: 'Whether ECC will be on after the next reboot',
    origin: 'nvmlDeviceGetEccMode',
    series: [readingSeries('ecc_mode_pending')],
  },
  {
    name: 'gpu_ecc_errors_total',
    type: 'counter',
    help: 'ECC errors since the driver was loaded',
    origin: 'nvmlDeviceGetTotalEccErrors, volatile',
    labelNames: ['severity', 'location'],
    series: bySeverity('ecc_corrected_total', 'ecc_uncorrected_total'),
  },
  {
    name: 'gpu_ecc_errors_lifetime_total',
    type: 'counter',
    help: "ECC errors in the board's life",
    origin: 'nvmlDeviceGetTotalEccErrors, aggregate',
    labelNames: ['severity', 'location'],
    series: bySeverity('ecc_corrected_lifetime_total', 'ecc_uncorrected_lifetime_total'),
  },
]);
