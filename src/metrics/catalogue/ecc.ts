import { familiesOf } from '../family.js';
import { ofGpu } from '../reading.js';
import { gpus } from '../subjects.js';

const PER_PLACE = 'locations other than `all`';
const SRAM_STATUS = { needs: 'Ampere or newer; drivers 550 and newer; permission (root)' } as const;
const PLACES =
  'boards with ECC memory; locations sram: Ampere or newer; l1, l2, register_file, texture, cbu: before Ampere';

/** Where both severities are counted. Of the CBU only uncorrected errors are. */
const LOCATIONS = ['dram', 'l1', 'l2', 'register_file', 'sram', 'texture'] as const;

/** Counters of one span of time: in all, and by the place where ECC found them. */
function errorsByPlace(name: string, what: string, span: 'total' | 'lifetime_total') {
  const all = (severity: 'corrected' | 'uncorrected') =>
    ofGpu.line(`ecc_${severity}_${span}`, { severity, location: 'all' });
  const at = (severity: 'corrected' | 'uncorrected') =>
    LOCATIONS.map((location) => ofGpu.line(`ecc_${severity}_${location}_${span}`, { severity, location }));
  const cbu = ofGpu.line(`ecc_uncorrected_cbu_${span}`, { severity: 'uncorrected', location: 'cbu' });
  return ofGpu.counter(
    name,
    `${what}; location all is the total, not one more place`,
    [all('corrected'), all('uncorrected')],
    {
      needs: PLACES,
      details: { what: PER_PLACE, series: [...at('corrected'), cbu, ...at('uncorrected')] },
    },
  );
}

/** Errors of the memories, and what the hardware put in place of what broke. */
export const ecc = familiesOf(gpus, [
  ofGpu.gauge('gpu_ecc_mode_enabled', 'Whether ECC is on', 'ecc_mode_enabled', { needs: 'boards with ECC memory' }),
  ofGpu.gauge('gpu_ecc_mode_pending', 'Whether ECC will be on after the next reboot', 'ecc_mode_pending', {
    needs: 'boards with ECC memory',
  }),
  errorsByPlace('gpu_ecc_errors_total', 'ECC errors since the driver was loaded', 'total'),
  errorsByPlace('gpu_ecc_errors_lifetime_total', "ECC errors in the board's life", 'lifetime_total'),
  ofGpu.counter(
    'gpu_ecc_sram_uncorrected_total',
    "Uncorrected errors of the SRAMs by what found them, since the driver was loaded or in the board's life",
    [
      ...ofGpu.by(
        'kind',
        { parity: 'ecc_sram_uncorrected_parity_total', secded: 'ecc_sram_uncorrected_secded_total' },
        { counter: 'volatile' },
      ),
      ...ofGpu.by(
        'kind',
        { parity: 'ecc_sram_uncorrected_parity_lifetime_total', secded: 'ecc_sram_uncorrected_secded_lifetime_total' },
        { counter: 'lifetime' },
      ),
    ],
    { ...SRAM_STATUS, optIn: true },
  ),
  ofGpu.counter(
    'gpu_ecc_sram_uncorrected_source_total',
    "Uncorrected errors of the SRAMs in the board's life, by the unit they were in",
    ofGpu.by('unit', {
      l2: 'ecc_sram_uncorrected_l2_lifetime_total',
      mcu: 'ecc_sram_uncorrected_mcu_lifetime_total',
      other: 'ecc_sram_uncorrected_other_lifetime_total',
      pcie: 'ecc_sram_uncorrected_pcie_lifetime_total',
      sm: 'ecc_sram_uncorrected_sm_lifetime_total',
    }),
    { ...SRAM_STATUS, optIn: true },
  ),
  ofGpu.gauge(
    'gpu_ecc_sram_threshold_exceeded',
    'Whether the SRAMs had more uncorrected errors than the board should be kept with',
    'ecc_sram_threshold_exceeded',
    SRAM_STATUS,
  ),
  ofGpu.counter(
    'gpu_retired_pages_total',
    'Pages of device memory taken out of use',
    ofGpu.by('cause', { double_bit: 'retired_pages_double_bit_total', single_bit: 'retired_pages_single_bit_total' }),
    { needs: 'data-centre boards before Ampere' },
  ),
  ofGpu.gauge(
    'gpu_retired_pages_pending',
    'Whether pages wait for a reset to be taken out of use',
    'retired_pages_pending',
    { needs: 'data-centre boards before Ampere' },
  ),
  ofGpu.counter(
    'gpu_remapped_rows_total',
    'Rows of device memory replaced by spare ones',
    ofGpu.by('cause', {
      correctable: 'remapped_rows_correctable_total',
      uncorrectable: 'remapped_rows_uncorrectable_total',
    }),
    { needs: 'Ampere or newer with ECC memory; not while MIG instances are there' },
  ),
  ofGpu.gauge(
    'gpu_remapped_rows_inactive',
    'Replacements of rows that are not in use',
    ofGpu.by('cause', {
      correctable: 'remapped_rows_correctable_inactive',
      uncorrectable: 'remapped_rows_uncorrectable_inactive',
    }),
    { optIn: true, needs: 'Ampere or newer with ECC memory; drivers 595 and newer' },
  ),
  ofGpu.gauge('gpu_row_remap_pending', 'Whether rows wait for a reset to be replaced', 'row_remap_pending', {
    needs: 'Ampere or newer with ECC memory; not while MIG instances are there',
  }),
  ofGpu.gauge('gpu_row_remap_failed', 'Whether a row could not be replaced: the board should be', 'row_remap_failed', {
    needs: 'Ampere or newer with ECC memory; not while MIG instances are there',
  }),
  ofGpu.gauge(
    'gpu_row_remap_banks',
    'Banks of device memory by how many of their spare rows are left',
    ofGpu.by('availability', {
      high: 'row_remap_banks_high',
      low: 'row_remap_banks_low',
      max: 'row_remap_banks_max',
      none: 'row_remap_banks_none',
      partial: 'row_remap_banks_partial',
    }),
    { needs: 'Ampere or newer with ECC memory', optIn: true },
  ),
  ofGpu.gauge(
    'gpu_channel_repair_pending',
    'Whether a memory channel waits for a reset to be repaired',
    'channel_repair_pending',
    { needs: 'Ampere or newer; drivers 580 and newer' },
  ),
  ofGpu.gauge(
    'gpu_tpc_repair_pending',
    'Whether a group of multiprocessors (TPC) waits for a reset to be repaired',
    'tpc_repair_pending',
    { needs: 'Ampere or newer; drivers 580 and newer' },
  ),
  ofGpu.gauge(
    'gpu_memory_unrepairable',
    'Whether device memory is broken beyond what spare parts can replace',
    'memory_unrepairable',
    { needs: 'Hopper or newer; drivers 590 and newer' },
  ),
  ofGpu.gauge('gpu_dram_encryption_enabled', 'Whether device memory is encrypted', 'dram_encryption_enabled', {
    needs: 'Blackwell or newer; drivers 570 and newer',
  }),
]);
