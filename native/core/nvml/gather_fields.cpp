#include <array>
#include <iterator>

#include "core/nvml/field_ids.h"
#include "core/nvml/gather.h"

namespace gna::nvml {

namespace {

constexpr double kHottestCelsius = 200;

// Integer fields only. Type 0 (double) is a known driver bug for them and not believed (nvml.md §7).
std::optional<double> integerField(const FieldValue& field) {
  if (field.valueType == kValueTypeDouble) return std::nullopt;
  return sampleValue(field.value, field.valueType);
}

}  // namespace

void Gather::fields() {
  std::array<FieldValue, std::size(kFieldRows)> batch;
  std::array<const FieldRow*, std::size(kFieldRows)> rows;
  std::size_t count = 0;
  for (const FieldRow& row : kFieldRows) {
    if (!due(row.reading)) continue;
    const std::uint32_t id = fieldIdFor(row, g.driverMajor_);
    if (id == 0) {
      store(row.reading, kErrorNotSupported, 0);
      continue;
    }
    batch[count] = FieldValue{};
    batch[count].fieldId = id;
    batch[count].scopeId = row.scopeId;
    batch[count].nvmlReturn = kErrorUnknown;
    rows[count++] = &row;
  }
  if (count == 0) return;
  const Return code = call(Call::DeviceGetFieldValues, g.handle_, static_cast<std::int32_t>(count), batch.data());
  for (std::size_t i = 0; i < count; ++i) {
    const Reading reading = rows[i]->reading;
    // An entry's own code never condemns the GPU: the call around it succeeded.
    const Return own = code != kSuccess ? code : batch[i].nvmlReturn;
    const std::optional<double> value = own == kSuccess ? integerField(batch[i]) : std::nullopt;
    if (own == kSuccess && !value) {
      g.absent(reading, reading_status::kImplausible);
      continue;
    }
    const bool celsius = reading == Reading::memory_temperature_celsius;
    store(reading, own, rows[i]->scale(value.value_or(0)),
          celsius ? kHottestCelsius : std::numeric_limits<double>::infinity());
  }
}

}  // namespace gna::nvml
