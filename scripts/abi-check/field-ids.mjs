/** The numbers of the field values the agent reads, against the real headers' names. */
import { readFileSync } from 'node:fs';
import { inRoot } from '../layout.mjs';
import { readRealNames } from './declarations.mjs';
import { askCompiler } from './facts.mjs';

const table = 'native/core/nvml/field_ids.h';

/**
 * Which field each reading comes from, those of links as `link.` and `c2cLink.`; a row of the table that is not here is
 * a problem, and so is one here that is not in the table.
 */
const fieldOfReading = /** @type {Readonly<Record<string, string>>} */ ({
  clocks_event_sw_power_cap_seconds_total: 'NVML_FI_DEV_PERF_POLICY_POWER',
  clocks_event_sync_boost_seconds_total: 'NVML_FI_DEV_PERF_POLICY_SYNC_BOOST',
  clocks_event_sw_thermal_slowdown_seconds_total: 'NVML_FI_DEV_CLOCKS_EVENT_REASON_SW_THERM_SLOWDOWN',
  clocks_event_hw_thermal_slowdown_seconds_total: 'NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_THERM_SLOWDOWN',
  clocks_event_hw_power_brake_slowdown_seconds_total: 'NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_POWER_BRAKE_SLOWDOWN',
  memory_temperature_celsius: 'NVML_FI_DEV_MEMORY_TEMP',
  power_average_watts: 'NVML_FI_DEV_POWER_AVERAGE',
  power_instant_watts: 'NVML_FI_DEV_POWER_INSTANT',
  temperature_limit_offset_shutdown_celsius: 'NVML_FI_DEV_TEMPERATURE_SHUTDOWN_TLIMIT',
  temperature_limit_offset_slowdown_celsius: 'NVML_FI_DEV_TEMPERATURE_SLOWDOWN_TLIMIT',
  temperature_limit_offset_memory_max_celsius: 'NVML_FI_DEV_TEMPERATURE_MEM_MAX_TLIMIT',
  temperature_limit_offset_gpu_max_celsius: 'NVML_FI_DEV_TEMPERATURE_GPU_MAX_TLIMIT',
  ecc_corrected_l1_total: 'NVML_FI_DEV_ECC_SBE_VOL_L1',
  ecc_corrected_l1_lifetime_total: 'NVML_FI_DEV_ECC_SBE_AGG_L1',
  ecc_uncorrected_l1_total: 'NVML_FI_DEV_ECC_DBE_VOL_L1',
  ecc_uncorrected_l1_lifetime_total: 'NVML_FI_DEV_ECC_DBE_AGG_L1',
  ecc_corrected_l2_total: 'NVML_FI_DEV_ECC_SBE_VOL_L2',
  ecc_corrected_l2_lifetime_total: 'NVML_FI_DEV_ECC_SBE_AGG_L2',
  ecc_uncorrected_l2_total: 'NVML_FI_DEV_ECC_DBE_VOL_L2',
  ecc_uncorrected_l2_lifetime_total: 'NVML_FI_DEV_ECC_DBE_AGG_L2',
  ecc_corrected_dram_total: 'NVML_FI_DEV_ECC_SBE_VOL_DEV',
  ecc_corrected_dram_lifetime_total: 'NVML_FI_DEV_ECC_SBE_AGG_DEV',
  ecc_uncorrected_dram_total: 'NVML_FI_DEV_ECC_DBE_VOL_DEV',
  ecc_uncorrected_dram_lifetime_total: 'NVML_FI_DEV_ECC_DBE_AGG_DEV',
  ecc_corrected_register_file_total: 'NVML_FI_DEV_ECC_SBE_VOL_REG',
  ecc_corrected_register_file_lifetime_total: 'NVML_FI_DEV_ECC_SBE_AGG_REG',
  ecc_uncorrected_register_file_total: 'NVML_FI_DEV_ECC_DBE_VOL_REG',
  ecc_uncorrected_register_file_lifetime_total: 'NVML_FI_DEV_ECC_DBE_AGG_REG',
  ecc_corrected_texture_total: 'NVML_FI_DEV_ECC_SBE_VOL_TEX',
  ecc_corrected_texture_lifetime_total: 'NVML_FI_DEV_ECC_SBE_AGG_TEX',
  ecc_uncorrected_texture_total: 'NVML_FI_DEV_ECC_DBE_VOL_TEX',
  ecc_uncorrected_texture_lifetime_total: 'NVML_FI_DEV_ECC_DBE_AGG_TEX',
  ecc_uncorrected_cbu_total: 'NVML_FI_DEV_ECC_DBE_VOL_CBU',
  ecc_uncorrected_cbu_lifetime_total: 'NVML_FI_DEV_ECC_DBE_AGG_CBU',
  performance_violation_thermal_seconds_total: 'NVML_FI_DEV_PERF_POLICY_THERMAL',
  performance_violation_board_limit_seconds_total: 'NVML_FI_DEV_PERF_POLICY_BOARD_LIMIT',
  performance_violation_low_utilization_seconds_total: 'NVML_FI_DEV_PERF_POLICY_LOW_UTILIZATION',
  performance_violation_reliability_seconds_total: 'NVML_FI_DEV_PERF_POLICY_RELIABILITY',
  performance_violation_total_app_clocks_seconds_total: 'NVML_FI_DEV_PERF_POLICY_TOTAL_APP_CLOCKS',
  performance_violation_total_base_clocks_seconds_total: 'NVML_FI_DEV_PERF_POLICY_TOTAL_BASE_CLOCKS',
  recovery_action: 'NVML_FI_DEV_GET_GPU_RECOVERY_ACTION',
  mma_stall_ratio: 'NVML_FI_DEV_MMA_STALL_PERCENT',
  edpp_multiplier_ratio: 'NVML_FI_DEV_EDPP_MULTIPLIER',
  power_average_module_watts: 'NVML_FI_DEV_POWER_AVERAGE',
  power_instant_module_watts: 'NVML_FI_DEV_POWER_INSTANT',
  energy_module_joules_total: 'NVML_FI_DEV_ENERGY',
  power_average_memory_watts: 'NVML_FI_DEV_POWER_AVERAGE',
  power_instant_memory_watts: 'NVML_FI_DEV_POWER_INSTANT',
  energy_memory_joules_total: 'NVML_FI_DEV_ENERGY',
  power_limit_min_module_watts: 'NVML_FI_DEV_POWER_MIN_LIMIT',
  power_limit_max_module_watts: 'NVML_FI_DEV_POWER_MAX_LIMIT',
  power_limit_default_module_watts: 'NVML_FI_DEV_POWER_DEFAULT_LIMIT',
  power_limit_enforced_module_watts: 'NVML_FI_DEV_POWER_CURRENT_LIMIT',
  power_limit_requested_module_watts: 'NVML_FI_DEV_POWER_REQUESTED_LIMIT',
  pcie_transmit_bytes_total: 'NVML_FI_DEV_PCIE_COUNT_TX_BYTES',
  pcie_receive_bytes_total: 'NVML_FI_DEV_PCIE_COUNT_RX_BYTES',
  pcie_replays_total: 'NVML_FI_DEV_PCIE_REPLAY_COUNTER',
  pcie_replay_rollovers_total: 'NVML_FI_DEV_PCIE_REPLAY_ROLLOVER_COUNTER',
  pcie_l0_to_recovery_total: 'NVML_FI_DEV_PCIE_L0_TO_RECOVERY_COUNTER',
  pcie_correctable_errors_total: 'NVML_FI_DEV_PCIE_COUNT_CORRECTABLE_ERRORS',
  pcie_naks_received_errors_total: 'NVML_FI_DEV_PCIE_COUNT_NAKS_RECEIVED',
  pcie_receiver_errors_total: 'NVML_FI_DEV_PCIE_COUNT_RECEIVER_ERROR',
  pcie_bad_tlp_errors_total: 'NVML_FI_DEV_PCIE_COUNT_BAD_TLP',
  pcie_naks_sent_errors_total: 'NVML_FI_DEV_PCIE_COUNT_NAKS_SENT',
  pcie_bad_dllp_errors_total: 'NVML_FI_DEV_PCIE_COUNT_BAD_DLLP',
  pcie_non_fatal_errors_total: 'NVML_FI_DEV_PCIE_COUNT_NON_FATAL_ERROR',
  pcie_fatal_errors_total: 'NVML_FI_DEV_PCIE_COUNT_FATAL_ERROR',
  pcie_unsupported_request_errors_total: 'NVML_FI_DEV_PCIE_COUNT_UNSUPPORTED_REQ',
  pcie_lcrc_errors_total: 'NVML_FI_DEV_PCIE_COUNT_LCRC_ERROR',
  retired_pages_single_bit_total: 'NVML_FI_DEV_RETIRED_SBE',
  retired_pages_double_bit_total: 'NVML_FI_DEV_RETIRED_DBE',
  retired_pages_pending: 'NVML_FI_DEV_RETIRED_PENDING',
  remapped_rows_correctable_total: 'NVML_FI_DEV_REMAPPED_COR',
  remapped_rows_uncorrectable_total: 'NVML_FI_DEV_REMAPPED_UNC',
  row_remap_pending: 'NVML_FI_DEV_REMAPPED_PENDING',
  row_remap_failed: 'NVML_FI_DEV_REMAPPED_FAILURE',
  remapped_rows_correctable_inactive: 'NVML_FI_DEV_REMAPPED_ROWS_COR_INACTIVE',
  remapped_rows_uncorrectable_inactive: 'NVML_FI_DEV_REMAPPED_ROWS_UNC_INACTIVE',
  nvlink_links: 'NVML_FI_DEV_NVLINK_LINK_COUNT',
  nvlink_switch_links: 'NVML_FI_DEV_NVSWITCH_CONNECTED_LINK_COUNT',
  nvlink_transmit_data_bytes_total: 'NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_TX',
  'link.transmit_data_bytes_total': 'NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_TX',
  nvlink_receive_data_bytes_total: 'NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_RX',
  'link.receive_data_bytes_total': 'NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_RX',
  nvlink_transmit_raw_bytes_total: 'NVML_FI_DEV_NVLINK_THROUGHPUT_RAW_TX',
  'link.transmit_raw_bytes_total': 'NVML_FI_DEV_NVLINK_THROUGHPUT_RAW_TX',
  nvlink_receive_raw_bytes_total: 'NVML_FI_DEV_NVLINK_THROUGHPUT_RAW_RX',
  'link.receive_raw_bytes_total': 'NVML_FI_DEV_NVLINK_THROUGHPUT_RAW_RX',
  nvlink_replay_errors_total: 'NVML_FI_DEV_NVLINK_ERROR_DL_REPLAY',
  'link.replay_errors_total': 'NVML_FI_DEV_NVLINK_ERROR_DL_REPLAY',
  nvlink_recovery_errors_total: 'NVML_FI_DEV_NVLINK_ERROR_DL_RECOVERY',
  'link.recovery_errors_total': 'NVML_FI_DEV_NVLINK_ERROR_DL_RECOVERY',
  nvlink_crc_flit_errors_total: 'NVML_FI_DEV_NVLINK_ERROR_DL_CRC',
  'link.crc_flit_errors_total': 'NVML_FI_DEV_NVLINK_ERROR_DL_CRC',
  nvlink_crc_data_errors_total: 'NVML_FI_DEV_NVLINK_CRC_DATA_ERROR_COUNT_TOTAL',
  nvlink_ecc_data_errors_total: 'NVML_FI_DEV_NVLINK_ECC_DATA_ERROR_COUNT_TOTAL',
  c2c_links: 'NVML_FI_DEV_C2C_LINK_COUNT',
  'link.state': 'NVML_FI_DEV_NVLINK_GET_STATE',
  'link.version': 'NVML_FI_DEV_NVLINK_GET_VERSION',
  'link.remote_link': 'NVML_FI_DEV_NVLINK_REMOTE_NVLINK_ID',
  'link.speed_bytes_per_second': 'NVML_FI_DEV_NVLINK_GET_SPEED',
  'link.low_power': 'NVML_FI_DEV_NVLINK_GET_POWER_STATE',
  'link.transmit_packets_total': 'NVML_FI_DEV_NVLINK_COUNT_XMIT_PACKETS',
  'link.transmit_port_bytes_total': 'NVML_FI_DEV_NVLINK_COUNT_XMIT_BYTES',
  'link.receive_packets_total': 'NVML_FI_DEV_NVLINK_COUNT_RCV_PACKETS',
  'link.receive_port_bytes_total': 'NVML_FI_DEV_NVLINK_COUNT_RCV_BYTES',
  'link.malformed_packet_errors_total': 'NVML_FI_DEV_NVLINK_COUNT_MALFORMED_PACKET_ERRORS',
  'link.buffer_overrun_errors_total': 'NVML_FI_DEV_NVLINK_COUNT_BUFFER_OVERRUN_ERRORS',
  'link.receive_errors_total': 'NVML_FI_DEV_NVLINK_COUNT_RCV_ERRORS',
  'link.receive_remote_errors_total': 'NVML_FI_DEV_NVLINK_COUNT_RCV_REMOTE_ERRORS',
  'link.receive_general_errors_total': 'NVML_FI_DEV_NVLINK_COUNT_RCV_GENERAL_ERRORS',
  'link.local_link_integrity_errors_total': 'NVML_FI_DEV_NVLINK_COUNT_LOCAL_LINK_INTEGRITY_ERRORS',
  'link.transmit_discard_errors_total': 'NVML_FI_DEV_NVLINK_COUNT_XMIT_DISCARDS',
  'link.effective_errors_total': 'NVML_FI_DEV_NVLINK_COUNT_EFFECTIVE_ERRORS',
  'link.symbol_errors_total': 'NVML_FI_DEV_NVLINK_COUNT_SYMBOL_ERRORS',
  'link.raw_lane0_errors_total': 'NVML_FI_DEV_NVLINK_COUNT_RAW_ERRORS_LANE0',
  'link.raw_lane1_errors_total': 'NVML_FI_DEV_NVLINK_COUNT_RAW_ERRORS_LANE1',
  'link.recovery_successful_events_total': 'NVML_FI_DEV_NVLINK_COUNT_LINK_RECOVERY_SUCCESSFUL_EVENTS',
  'link.recovery_failed_events_total': 'NVML_FI_DEV_NVLINK_COUNT_LINK_RECOVERY_FAILED_EVENTS',
  'link.recovery_events_total': 'NVML_FI_DEV_NVLINK_COUNT_LINK_RECOVERY_EVENTS',
  'link.effective_bit_error_ratio': 'NVML_FI_DEV_NVLINK_COUNT_EFFECTIVE_BER',
  'link.symbol_bit_error_ratio': 'NVML_FI_DEV_NVLINK_COUNT_SYMBOL_BER',
  'link.raw_bit_error_ratio': 'NVML_FI_DEV_NVLINK_COUNT_RAW_BER_V2',
  'link.transmitted_blocks_total': 'NVML_FI_DEV_NVLINK_PLR_XMIT_BLOCKS',
  'link.retransmitted_blocks_total': 'NVML_FI_DEV_NVLINK_PLR_XMIT_RETRY_BLOCKS',
  'link.fec_corrected_0_total': 'NVML_FI_DEV_NVLINK_COUNT_FEC_HISTORY_0',
  'link.fec_corrected_1_total': 'NVML_FI_DEV_NVLINK_COUNT_FEC_HISTORY_1',
  'link.fec_corrected_2_total': 'NVML_FI_DEV_NVLINK_COUNT_FEC_HISTORY_2',
  'link.fec_corrected_3_total': 'NVML_FI_DEV_NVLINK_COUNT_FEC_HISTORY_3',
  'link.fec_corrected_4_total': 'NVML_FI_DEV_NVLINK_COUNT_FEC_HISTORY_4',
  'link.fec_corrected_5_total': 'NVML_FI_DEV_NVLINK_COUNT_FEC_HISTORY_5',
  'link.fec_corrected_6_total': 'NVML_FI_DEV_NVLINK_COUNT_FEC_HISTORY_6',
  'link.fec_corrected_7_total': 'NVML_FI_DEV_NVLINK_COUNT_FEC_HISTORY_7',
  'link.fec_corrected_8_total': 'NVML_FI_DEV_NVLINK_COUNT_FEC_HISTORY_8',
  'link.fec_corrected_9_total': 'NVML_FI_DEV_NVLINK_COUNT_FEC_HISTORY_9',
  'link.fec_corrected_10_total': 'NVML_FI_DEV_NVLINK_COUNT_FEC_HISTORY_10',
  'link.fec_corrected_11_total': 'NVML_FI_DEV_NVLINK_COUNT_FEC_HISTORY_11',
  'link.fec_corrected_12_total': 'NVML_FI_DEV_NVLINK_COUNT_FEC_HISTORY_12',
  'link.fec_corrected_13_total': 'NVML_FI_DEV_NVLINK_COUNT_FEC_HISTORY_13',
  'link.fec_corrected_14_total': 'NVML_FI_DEV_NVLINK_COUNT_FEC_HISTORY_14',
  'link.fec_corrected_15_total': 'NVML_FI_DEV_NVLINK_COUNT_FEC_HISTORY_15',
  'c2cLink.up': 'NVML_FI_DEV_C2C_LINK_GET_STATUS',
  'c2cLink.bandwidth_bytes_per_second': 'NVML_FI_DEV_C2C_LINK_GET_MAX_BW',
  'c2cLink.interrupt_errors_total': 'NVML_FI_DEV_C2C_LINK_ERROR_INTR',
  'c2cLink.replay_errors_total': 'NVML_FI_DEV_C2C_LINK_ERROR_REPLAY',
  'c2cLink.replay_b2b_errors_total': 'NVML_FI_DEV_C2C_LINK_ERROR_REPLAY_B2B',
  'c2cLink.low_power': 'NVML_FI_DEV_C2C_LINK_POWER_STATE',
});

/**
 * @param {readonly import('./headers.mjs').RealHeader[]} headers
 * @returns {Promise<import('./compare.mjs').Outcome>}
 */
export async function compareFieldIds(headers) {
  const rows = [...readFileSync(inRoot(table), 'utf8').matchAll(/\{(Link|C2cLink|)Reading::(\w+),\s*(\d+),/g)];
  /** @type {string[]} */
  const problems = [];
  const unseen = new Map();
  for (const [, part = '', plain = '', id = ''] of rows) {
    const reading = part === '' ? plain : `${part.charAt(0).toLowerCase()}${part.slice(1)}.${plain}`;
    if (fieldOfReading[reading] === undefined) problems.push(`${table}: ${reading} has no field name in this check`);
    else unseen.set(reading, id);
  }
  if (rows.length === 0) problems.push(`${table}: no row found`);
  for (const reading of Object.keys(fieldOfReading)) {
    if (!unseen.has(reading)) problems.push(`${table}: ${reading} has a field name in this check, and no row`);
  }
  const expected = new Map(unseen);
  for (const header of headers) {
    const known = new Set(readRealNames(readFileSync(header.path, 'utf8')).values.values());
    const questions = [...expected.keys()]
      .map((reading) => ({ key: reading, name: fieldOfReading[reading] ?? '' }))
      .filter(({ name }) => known.has(name));
    if (questions.length === 0) continue;
    const name = `field-ids-of-${header.name.replace(/\W+/g, '-')}`;
    for (const [reading, id] of await askCompiler(name, [`#include "${header.path}"`], questions, [])) {
      unseen.delete(reading);
      if (id !== expected.get(reading)) {
        problems.push(`${table}: ${reading} is field ${expected.get(reading)}, ${header.name} says ${id}`);
      }
    }
  }
  for (const reading of unseen.keys())
    problems.push(`${table}: the field of ${reading} is in none of the real headers`);
  return { compared: expected.size - unseen.size, problems };
}
