#include <algorithm>

#include "core/nvml/field_ids.h"
#include "core/nvml/gather.h"

namespace gna::nvml {

namespace {

constexpr double kHottestCelsius = 200;
// No limit is documented; a bound keeps one call's time in bounds.
constexpr std::size_t kMostFieldsPerCall = 512;

}  // namespace

void Gather::fields() {
  FieldBatch& batch = g.fields_;
  batch.clear();
  for (const FieldRow<Reading>& row : kFieldRows) {
    if (!due(row.reading)) continue;
    const std::uint32_t id = fieldIdFor(row, g.driverMajor_);
    const bool celsius = row.reading == Reading::memory_temperature_celsius;
    if (id == 0)
      store(row.reading, kNoSuchSymbol, 0);
    else
      batch.add(id, row.scopeId, row.scale, row.reading, g.record_.readings, g.dormant_,
                celsius ? kHottestCelsius : std::numeric_limits<double>::infinity());
  }
  for (std::size_t from = 0; from < batch.size(); from += kMostFieldsPerCall) {
    const std::size_t to = std::min(from + kMostFieldsPerCall, batch.size());
    const Return code =
        call(Call::DeviceGetFieldValues, g.handle_, static_cast<std::int32_t>(to - from), batch.at(from));
    batch.book(from, to, code);
  }
}

}  // namespace gna::nvml
