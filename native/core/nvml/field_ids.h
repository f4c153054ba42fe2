#pragma once
// Field ids of nvmlDeviceGetFieldValues that the agent reads, and the branch trap in their numbering.

#include <cstdint>

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
  std::uint32_t since = 0;  // first driver branch (major number) that has it
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
