#include "core/nvml/utilization_integrator.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace gna::nvml {

std::optional<double> sampleValue(const Value& value, std::uint32_t valueType) {
  switch (valueType) {
    case kValueTypeDouble: return std::isfinite(value.dVal) ? std::optional(value.dVal) : std::nullopt;
    case kValueTypeUnsignedInt: return value.uiVal;
    case kValueTypeUnsignedLong: return static_cast<double>(value.ulVal);
    case kValueTypeUnsignedLongLong: return static_cast<double>(value.ullVal);
    case kValueTypeSignedLongLong: return static_cast<double>(value.sllVal);
    case kValueTypeSignedInt: return value.siVal;
    case kValueTypeUnsignedShort: return value.usVal;
    default: return std::nullopt;
  }
}

void UtilizationIntegrator::observeClock(std::int64_t realtimeMinusMonotonicNs) {
  if (clockOffsetNs_ && std::llabs(realtimeMinusMonotonicNs - *clockOffsetNs_) > kClockStepNs) state_.lastSeenUs = 0;
  clockOffsetNs_ = realtimeMinusMonotonicNs;
}

UtilizationIntegrator::Window UtilizationIntegrator::add(const Sample* samples, std::size_t count,
                                                         std::uint32_t valueType, std::uint64_t nowUs) {
  Window window;
  double weighted = 0, weight = 0;
  const bool counting = state_.lastSeenUs != 0;
  std::uint64_t last = state_.lastSeenUs;
  // Drivers deliver the ring oldest first; an out-of-order sample is older than `last` by then and drops out.
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t at = samples[i].timeStamp;
    const std::optional<double> percent = sampleValue(samples[i].sampleValue, valueType);
    if (at <= last || at > nowUs + kFutureUs || !percent || *percent < 0 || *percent > 100) continue;
    const double ratio = *percent / 100;
    window.peakRatio = std::max(window.peakRatio.value_or(0), ratio);
    // A sample speaks for the time since the one before it. The very first has no such time.
    if (last != 0 && at - last <= kLongestSampleUs) {
      const std::uint64_t ns = (at - last) * 1000;
      weighted += ratio * static_cast<double>(ns);
      weight += static_cast<double>(ns);
      if (counting) {
        state_.observedNs += ns;
        state_.busyNs += static_cast<std::uint64_t>(std::llround(static_cast<double>(ns) * ratio));
      }
    }
    last = at;
  }
  state_.lastSeenUs = last != 0 ? last : nowUs;
  if (weight > 0) window.averageRatio = weighted / weight;
  return window;
}

}  // namespace gna::nvml
