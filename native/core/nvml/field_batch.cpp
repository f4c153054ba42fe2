#include "core/nvml/field_batch.h"

#include <cmath>
#include <optional>

#include "core/nvml/plausible.h"
#include "core/nvml/return_code.h"
#include "core/nvml/utilization_integrator.h"

namespace gna::nvml {

namespace {

// Integer fields only. Type 0 (double) is a known driver bug for them and not believed (nvml.md §7).
std::optional<double> integerField(const FieldValue& field) {
  if (field.valueType == kValueTypeDouble) return std::nullopt;
  if (field.valueType == kValueTypeUnsignedInt) return numberOf(field.value.uiVal);
  if (field.valueType == kValueTypeUnsignedLong) return numberOf(field.value.ulVal);
  if (field.valueType == kValueTypeUnsignedLongLong) return numberOf(field.value.ullVal);
  return sampleValue(field.value, field.valueType);
}

double bitErrorRatio(double packed) {
  const auto bits = static_cast<std::uint64_t>(packed);
  return static_cast<double>(bits >> 8 & 0xF) * std::pow(10.0, -static_cast<double>(bits & 0xFF));
}

}  // namespace

void FieldBatch::add(std::uint32_t fieldId, std::uint32_t scopeId, const FieldTarget& target) {
  FieldValue value{};
  value.fieldId = fieldId;
  value.scopeId = scopeId;
  value.nvmlReturn = kErrorUnknown;
  values_.push_back(value);
  targets_.push_back(target);
}

bool FieldBatch::book(std::size_t from, std::size_t to, Return code) {
  bool incomplete = false;
  for (std::size_t i = from; i < to; ++i) {
    const FieldTarget& target = targets_[i];
    const Return own = code != kSuccess ? code : values_[i].nvmlReturn;
    if (own != kSuccess) {
      *target.status = statusOf(own);
      if (isUnsupported(own)) *target.asleep = true;
      if (target.isIdentity && isPassing(own)) incomplete = true;
      continue;
    }
    const std::optional<double> raw = integerField(values_[i]);
    const double number = raw.value_or(0);
    const bool linear = target.form == FieldForm::linear || std::isinf(number);
    const double value = linear ? target.scale(number) : bitErrorRatio(number);
    if (std::isinf(number) || !raw || value > target.highest) {
      *target.status = reading_status::kImplausible;
      continue;
    }
    *target.value = value;
    *target.status = reading_status::kPresent;
  }
  return incomplete;
}

}  // namespace gna::nvml
