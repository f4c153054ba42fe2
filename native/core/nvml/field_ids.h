#pragma once
// Field ids of nvmlDeviceGetFieldValues that the agent reads, and the branch trap in their numbering.

#include <cstdint>

#include "core/nvml/abi.h"
#include "core/nvml/scale.h"
#include "core/readings/readings.h"

namespace gna::nvml {

/// Where a field id comes from when it depends on the driver branch (nvml.md §7.1): 575–589 numbered the three
/// clocks-event counters 251–253, 590 and later 269–271, and before 575 they did not exist.
enum class FieldNumbering : std::uint8_t { fixed, clocksEventCounters };

/// One field of the batch: where its value belongs among the readings of a GPU or of one of its parts.
template <typename Id>
struct FieldRow {
  Id reading;
  std::uint32_t fieldId;  // in headers 13.1 and newer
  std::uint32_t scopeId;
  Scale scale;
  FieldNumbering numbering = FieldNumbering::fixed;
  std::uint32_t since = 0;         // first driver branch (major number) that has it
  std::uint32_t beforeHopper = 0;  // another id, without scope, on older architectures
};

inline constexpr FieldRow<Reading> kFieldRows[] = {
    {Reading::clocks_event_sw_power_cap_seconds_total, 74, 0, kNanoseconds},
    {Reading::clocks_event_sync_boost_seconds_total, 76, 0, kNanoseconds},
    {Reading::clocks_event_sw_thermal_slowdown_seconds_total, 269, 0, kNanoseconds,
     FieldNumbering::clocksEventCounters},
    {Reading::clocks_event_hw_thermal_slowdown_seconds_total, 270, 0, kNanoseconds,
     FieldNumbering::clocksEventCounters},
    {Reading::clocks_event_hw_power_brake_slowdown_seconds_total, 271, 0, kNanoseconds,
     FieldNumbering::clocksEventCounters},
    {Reading::memory_temperature_celsius, 82, 0, kAsIs},
    {Reading::power_average_watts, 185, 0, kMilli},
    {Reading::power_instant_watts, 186, 0, kMilli},
    {Reading::temperature_limit_offset_shutdown_celsius, 193, 0, kAsIs},
    {Reading::temperature_limit_offset_slowdown_celsius, 194, 0, kAsIs},
    {Reading::temperature_limit_offset_memory_max_celsius, 195, 0, kAsIs},
    {Reading::temperature_limit_offset_gpu_max_celsius, 196, 0, kAsIs},
    {Reading::recovery_action, 230, 0, kAsIs, FieldNumbering::fixed, 570},
    {Reading::mma_stall_ratio, 297, 0, kPercent, FieldNumbering::fixed, 610},
    {Reading::performance_violation_thermal_seconds_total, 75, 0, kNanoseconds},
    {Reading::performance_violation_board_limit_seconds_total, 77, 0, kNanoseconds},
    {Reading::performance_violation_low_utilization_seconds_total, 78, 0, kNanoseconds},
    {Reading::performance_violation_reliability_seconds_total, 79, 0, kNanoseconds},
    {Reading::performance_violation_total_app_clocks_seconds_total, 80, 0, kNanoseconds},
    {Reading::performance_violation_total_base_clocks_seconds_total, 81, 0, kNanoseconds},
    {Reading::power_average_module_watts, 185, kPowerScopeModule, kMilli},
    {Reading::power_average_memory_watts, 185, kPowerScopeMemory, kMilli},
    {Reading::power_instant_module_watts, 186, kPowerScopeModule, kMilli},
    {Reading::power_instant_memory_watts, 186, kPowerScopeMemory, kMilli},
    {Reading::energy_module_joules_total, 191, kPowerScopeModule, kMilli},
    {Reading::energy_memory_joules_total, 191, kPowerScopeMemory, kMilli},
    {Reading::power_limit_min_module_watts, 187, kPowerScopeModule, kMilli},
    {Reading::power_limit_max_module_watts, 188, kPowerScopeModule, kMilli},
    {Reading::power_limit_default_module_watts, 189, kPowerScopeModule, kMilli},
    {Reading::power_limit_enforced_module_watts, 190, kPowerScopeModule, kMilli},
    {Reading::power_limit_requested_module_watts, 192, kPowerScopeModule, kMilli},
    {Reading::edpp_multiplier_ratio, 274, 0, kPercent, FieldNumbering::fixed, 590},
    {Reading::pcie_transmit_bytes_total, 197, 0, kAsIs, FieldNumbering::fixed, 555},
    {Reading::pcie_receive_bytes_total, 198, 0, kAsIs, FieldNumbering::fixed, 555},
    {Reading::pcie_replays_total, 94, 0, kAsIs},
    {Reading::pcie_replay_rollovers_total, 95, 0, kAsIs},
    {Reading::pcie_l0_to_recovery_total, 169, 0, kAsIs},
    {Reading::pcie_correctable_errors_total, 173, 0, kAsIs},
    {Reading::pcie_naks_received_errors_total, 174, 0, kAsIs},
    {Reading::pcie_receiver_errors_total, 175, 0, kAsIs},
    {Reading::pcie_bad_tlp_errors_total, 176, 0, kAsIs},
    {Reading::pcie_naks_sent_errors_total, 177, 0, kAsIs},
    {Reading::pcie_bad_dllp_errors_total, 178, 0, kAsIs},
    {Reading::pcie_non_fatal_errors_total, 179, 0, kAsIs},
    {Reading::pcie_fatal_errors_total, 180, 0, kAsIs},
    {Reading::pcie_unsupported_request_errors_total, 181, 0, kAsIs},
    {Reading::pcie_lcrc_errors_total, 182, 0, kAsIs},
    {Reading::ecc_corrected_l1_total, 7, 0, kAsIs},
    {Reading::ecc_uncorrected_l1_total, 8, 0, kAsIs},
    {Reading::ecc_corrected_l2_total, 9, 0, kAsIs},
    {Reading::ecc_uncorrected_l2_total, 10, 0, kAsIs},
    {Reading::ecc_corrected_dram_total, 11, 0, kAsIs},
    {Reading::ecc_uncorrected_dram_total, 12, 0, kAsIs},
    {Reading::ecc_corrected_register_file_total, 13, 0, kAsIs},
    {Reading::ecc_uncorrected_register_file_total, 14, 0, kAsIs},
    {Reading::ecc_corrected_texture_total, 15, 0, kAsIs},
    {Reading::ecc_uncorrected_texture_total, 16, 0, kAsIs},
    {Reading::ecc_uncorrected_cbu_total, 17, 0, kAsIs},
    {Reading::ecc_corrected_l1_lifetime_total, 18, 0, kAsIs},
    {Reading::ecc_uncorrected_l1_lifetime_total, 19, 0, kAsIs},
    {Reading::ecc_corrected_l2_lifetime_total, 20, 0, kAsIs},
    {Reading::ecc_uncorrected_l2_lifetime_total, 21, 0, kAsIs},
    {Reading::ecc_corrected_dram_lifetime_total, 22, 0, kAsIs},
    {Reading::ecc_uncorrected_dram_lifetime_total, 23, 0, kAsIs},
    {Reading::ecc_corrected_register_file_lifetime_total, 24, 0, kAsIs},
    {Reading::ecc_uncorrected_register_file_lifetime_total, 25, 0, kAsIs},
    {Reading::ecc_corrected_texture_lifetime_total, 26, 0, kAsIs},
    {Reading::ecc_uncorrected_texture_lifetime_total, 27, 0, kAsIs},
    {Reading::ecc_uncorrected_cbu_lifetime_total, 28, 0, kAsIs},
    {Reading::retired_pages_single_bit_total, 29, 0, kAsIs},
    {Reading::retired_pages_double_bit_total, 30, 0, kAsIs},
    {Reading::retired_pages_pending, 31, 0, kAsIs},
    {Reading::remapped_rows_correctable_total, 142, 0, kAsIs},
    {Reading::remapped_rows_uncorrectable_total, 143, 0, kAsIs},
    {Reading::row_remap_pending, 144, 0, kAsIs},
    {Reading::row_remap_failed, 145, 0, kAsIs},
    {Reading::remapped_rows_correctable_inactive, 301, 0, kAsIs, FieldNumbering::fixed, 595},
    {Reading::remapped_rows_uncorrectable_inactive, 302, 0, kAsIs, FieldNumbering::fixed, 595},
    {Reading::nvlink_links, 91, 0, kAsIs},
    {Reading::nvlink_switch_links, 147, 0, kAsIs},
    {Reading::nvlink_transmit_data_bytes_total, 138, kAllLinks, kKibibytes},
    {Reading::nvlink_receive_data_bytes_total, 139, kAllLinks, kKibibytes},
    {Reading::nvlink_transmit_raw_bytes_total, 140, kAllLinks, kKibibytes},
    {Reading::nvlink_receive_raw_bytes_total, 141, kAllLinks, kKibibytes},
    {Reading::nvlink_replay_errors_total, 161, kAllLinks, kAsIs, FieldNumbering::fixed, 0, 52},
    {Reading::nvlink_recovery_errors_total, 162, kAllLinks, kAsIs, FieldNumbering::fixed, 0, 59},
    {Reading::nvlink_crc_flit_errors_total, 163, kAllLinks, kAsIs, FieldNumbering::fixed, 0, 38},
    {Reading::nvlink_crc_data_errors_total, 45, 0, kAsIs},
    {Reading::nvlink_ecc_data_errors_total, 160, 0, kAsIs},
    {Reading::c2c_links, 170, 0, kAsIs},
};

/// State of one NVLink: asked also where no detail of links is wanted.
inline constexpr std::uint32_t kLinkStateField = 165;

/// Fields of one NVLink; the scope is the link.
inline constexpr FieldRow<LinkReading> kLinkFieldRows[] = {
    {LinkReading::state, 165, 0, kAsIs},
    {LinkReading::version, 166, 0, kAsIs},
    {LinkReading::remote_link, 146, 0, kAsIs},
    {LinkReading::speed_bytes_per_second, 164, 0, kMegabytes},
    {LinkReading::low_power, 167, 0, kAsIs},
    {LinkReading::transmit_data_bytes_total, 138, 0, kKibibytes},
    {LinkReading::receive_data_bytes_total, 139, 0, kKibibytes},
    {LinkReading::transmit_raw_bytes_total, 140, 0, kKibibytes},
    {LinkReading::receive_raw_bytes_total, 141, 0, kKibibytes},
    {LinkReading::transmit_packets_total, 201, 0, kAsIs, FieldNumbering::fixed, 560},
    {LinkReading::transmit_port_bytes_total, 202, 0, kAsIs, FieldNumbering::fixed, 560},
    {LinkReading::receive_packets_total, 203, 0, kAsIs, FieldNumbering::fixed, 560},
    {LinkReading::receive_port_bytes_total, 204, 0, kAsIs, FieldNumbering::fixed, 560},
    {LinkReading::replay_errors_total, 161, 0, kAsIs},
    {LinkReading::recovery_errors_total, 162, 0, kAsIs},
    {LinkReading::crc_flit_errors_total, 163, 0, kAsIs},
    {LinkReading::malformed_packet_errors_total, 206, 0, kAsIs, FieldNumbering::fixed, 560},
    {LinkReading::buffer_overrun_errors_total, 207, 0, kAsIs, FieldNumbering::fixed, 560},
    {LinkReading::receive_errors_total, 208, 0, kAsIs, FieldNumbering::fixed, 560},
    {LinkReading::receive_remote_errors_total, 209, 0, kAsIs, FieldNumbering::fixed, 560},
    {LinkReading::receive_general_errors_total, 210, 0, kAsIs, FieldNumbering::fixed, 560},
    {LinkReading::local_link_integrity_errors_total, 211, 0, kAsIs, FieldNumbering::fixed, 560},
    {LinkReading::transmit_discard_errors_total, 212, 0, kAsIs, FieldNumbering::fixed, 560},
    {LinkReading::effective_errors_total, 219, 0, kAsIs, FieldNumbering::fixed, 560},
    {LinkReading::symbol_errors_total, 221, 0, kAsIs, FieldNumbering::fixed, 560},
    {LinkReading::raw_lane0_errors_total, 289, 0, kAsIs, FieldNumbering::fixed, 595},
    {LinkReading::raw_lane1_errors_total, 290, 0, kAsIs, FieldNumbering::fixed, 595},
    {LinkReading::recovery_successful_events_total, 213, 0, kAsIs, FieldNumbering::fixed, 560},
    {LinkReading::recovery_failed_events_total, 214, 0, kAsIs, FieldNumbering::fixed, 560},
    {LinkReading::recovery_events_total, 215, 0, kAsIs, FieldNumbering::fixed, 560},
    {LinkReading::fec_corrected_0_total, 235, 0, kAsIs, FieldNumbering::fixed, 570},
    {LinkReading::fec_corrected_1_total, 236, 0, kAsIs, FieldNumbering::fixed, 570},
    {LinkReading::fec_corrected_2_total, 237, 0, kAsIs, FieldNumbering::fixed, 570},
    {LinkReading::fec_corrected_3_total, 238, 0, kAsIs, FieldNumbering::fixed, 570},
    {LinkReading::fec_corrected_4_total, 239, 0, kAsIs, FieldNumbering::fixed, 570},
    {LinkReading::fec_corrected_5_total, 240, 0, kAsIs, FieldNumbering::fixed, 570},
    {LinkReading::fec_corrected_6_total, 241, 0, kAsIs, FieldNumbering::fixed, 570},
    {LinkReading::fec_corrected_7_total, 242, 0, kAsIs, FieldNumbering::fixed, 570},
    {LinkReading::fec_corrected_8_total, 243, 0, kAsIs, FieldNumbering::fixed, 570},
    {LinkReading::fec_corrected_9_total, 244, 0, kAsIs, FieldNumbering::fixed, 570},
    {LinkReading::fec_corrected_10_total, 245, 0, kAsIs, FieldNumbering::fixed, 570},
    {LinkReading::fec_corrected_11_total, 246, 0, kAsIs, FieldNumbering::fixed, 570},
    {LinkReading::fec_corrected_12_total, 247, 0, kAsIs, FieldNumbering::fixed, 570},
    {LinkReading::fec_corrected_13_total, 248, 0, kAsIs, FieldNumbering::fixed, 570},
    {LinkReading::fec_corrected_14_total, 249, 0, kAsIs, FieldNumbering::fixed, 570},
    {LinkReading::fec_corrected_15_total, 250, 0, kAsIs, FieldNumbering::fixed, 570},
    {LinkReading::transmitted_blocks_total, 294, 0, kAsIs, FieldNumbering::fixed, 595},
    {LinkReading::retransmitted_blocks_total, 295, 0, kAsIs, FieldNumbering::fixed, 595},
};

/// Bit error ratios come packed: mantissa in bits 8-11, negative exponent of ten in bits 0-7 (nvml.md §7).
inline constexpr FieldRow<LinkReading> kBitErrorRows[] = {
    {LinkReading::effective_bit_error_ratio, 220, 0, kAsIs, FieldNumbering::fixed, 560},
    {LinkReading::symbol_bit_error_ratio, 222, 0, kAsIs, FieldNumbering::fixed, 560},
    {LinkReading::raw_bit_error_ratio, 293, 0, kAsIs, FieldNumbering::fixed, 595},
};

/// Fields of one chip-to-chip link; the scope is the link.
inline constexpr FieldRow<C2cLinkReading> kC2cLinkFieldRows[] = {
    {C2cLinkReading::up, 171, 0, kAsIs},
    {C2cLinkReading::bandwidth_bytes_per_second, 172, 0, kMegabytes},
    {C2cLinkReading::interrupt_errors_total, 231, 0, kAsIs, FieldNumbering::fixed, 575},
    {C2cLinkReading::replay_errors_total, 232, 0, kAsIs, FieldNumbering::fixed, 575},
    {C2cLinkReading::replay_b2b_errors_total, 233, 0, kAsIs, FieldNumbering::fixed, 575},
    {C2cLinkReading::low_power, 234, 0, kAsIs, FieldNumbering::fixed, 575},
};

/// The id this driver branch uses for a field; 0 when the branch does not have it or cannot be known.
template <typename Id>
constexpr std::uint32_t fieldIdFor(const FieldRow<Id>& row, std::uint32_t driverMajor) {
  if (driverMajor < row.since) return 0;
  if (row.numbering == FieldNumbering::fixed) return row.fieldId;
  if (driverMajor >= 590) return row.fieldId;
  if (driverMajor >= 575) return row.fieldId - 269 + 251;
  return 0;
}

}  // namespace gna::nvml
