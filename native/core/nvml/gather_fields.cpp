#include <algorithm>
#include <numeric>

#include "core/nvml/field_ids.h"
#include "core/nvml/gather.h"

namespace gna::nvml {

namespace {

// No limit is documented; a bound keeps one call's time in bounds.
constexpr std::size_t kMostFieldsPerCall = 512;
constexpr std::uint32_t kPcieLaneErrorField = 183;  // one count per lane, the scope is the lane

bool isBeforeHopper(const Measurements<Reading>& readings) {
  return readings.has(Reading::architecture) && readings[Reading::architecture] < kDeviceArchHopper;
}

}  // namespace

void Gather::askFields() {
  FieldBatch& batch = g.fields_;
  for (std::size_t from = 0; from < batch.size(); from += kMostFieldsPerCall) {
    const std::size_t to = std::min(from + kMostFieldsPerCall, batch.size());
    const Return code =
        call(Call::DeviceGetFieldValues, g.handle_, static_cast<std::int32_t>(to - from), batch.at(from));
    if (batch.book(from, to, code)) g.identityIncomplete_ = true;
  }
}

void Gather::fields() {
  FieldBatch& batch = g.fields_;
  Measurements<Reading>& readings = g.record_.readings;
  const bool older = isBeforeHopper(readings);
  batch.clear();
  for (const FieldRow<Reading>& row : kFieldRows) {
    if (!due(row.reading)) continue;
    const std::uint32_t id = fieldIdFor(row, g.driverMajor_);
    if (id == 0) {
      store(row.reading, notInBranch(g.driverMajor_), 0);
      continue;
    }
    const bool celsius = row.reading == Reading::memory_temperature_celsius;
    const bool instead = older && row.beforeHopper != 0;
    batch.add(instead ? row.beforeHopper : id, instead ? 0 : row.scopeId, row.scale, row.reading, readings, g.dormant_,
              celsius ? kHottestCelsius : std::numeric_limits<double>::infinity());
  }
  const bool lanes = due(Reading::pcie_lane_errors_total);
  if (lanes)
    for (std::uint32_t lane = 0; lane < g.laneErrors_.size(); ++lane)
      batch.add(kPcieLaneErrorField, lane,
                {&g.laneErrors_[lane].count, &g.laneErrors_[lane].status, &g.laneErrors_[lane].asleep, kAsIs});
  askFields();
  if (lanes) pcieLaneErrors();
}

/// Lanes the link does not have refuse; those that answer are summed.
void Gather::pcieLaneErrors() {
  double sum = 0;
  bool any = false;
  for (const LaneErrors& lane : g.laneErrors_) {
    if (lane.status != reading_status::kPresent) continue;
    any = true;
    sum += lane.count;
  }
  if (any) return g.set(Reading::pcie_lane_errors_total, sum);
  const LaneErrors& first = g.laneErrors_[0];
  g.absent(Reading::pcie_lane_errors_total, first.status);
  if (first.asleep) g.dormant_.asleep[gna::index(Reading::pcie_lane_errors_total)] = true;
}

}  // namespace gna::nvml
