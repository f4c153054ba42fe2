#include "core/nvml/gather.h"

namespace gna::nvml {

namespace {
constexpr std::size_t kLargestSampleRing = 4096;
}

void Gather::utilization() {
  if (due(Reading::utilization_ratio)) {
    auto u = unwritten<Utilization>();
    const Return code = call(Call::DeviceGetUtilizationRates, g.handle_, &u);
    store(Reading::utilization_ratio, code, kPercent(u.gpu), 1);
    store(Reading::memory_controller_utilization_ratio, code, kPercent(u.memory), 1);
  }

  if (!due(Reading::busy_seconds_total)) return;
  const std::int64_t monotonic = g.clock_.monotonicNs();
  const std::int64_t realtime = g.clock_.realtimeNs();
  g.record_.realtime_minus_monotonic_ns = realtime - monotonic;
  g.integrator_.observeClock(g.record_.realtime_minus_monotonic_ns);

  std::uint32_t valueType = kValueTypeUnsignedInt;
  Return code = kCallSkipped;
  std::uint32_t count = 0;
  // A buffer on the first call: some libraries answer SUCCESS where the document says INSUFFICIENT_SIZE.
  for (int attempt = 0; attempt < 2; ++attempt) {
    count = static_cast<std::uint32_t>(g.samples_.size());
    code =
        call(Call::DeviceGetSamples, g.handle_, kGpuUtilizationSamples,
             static_cast<unsigned long long>(g.integrator_.state().lastSeenUs), &valueType, &count, g.samples_.data());
    if (code != kErrorInsufficientSize || g.samples_.size() >= kLargestSampleRing) break;
    g.samples_.resize(std::min(kLargestSampleRing, std::max<std::size_t>(g.samples_.size() * 2, count)));
  }
  if (code == kSuccess || code == kErrorNotFound || code == kErrorNoData) {
    // 6 = nothing newer than the last seen sample: the totals stand, the window is empty.
    UtilizationIntegrator::Window window;
    if (code == kSuccess)
      window = g.integrator_.add(g.samples_.data(), std::min<std::size_t>(count, g.samples_.size()), valueType,
                                 static_cast<std::uint64_t>(realtime / 1000));
    const auto& state = g.integrator_.state();
    store(Reading::busy_seconds_total, kSuccess, kNanoseconds(static_cast<double>(state.busyNs)));
    store(Reading::observed_seconds_total, kSuccess, kNanoseconds(static_cast<double>(state.observedNs)));
    store(Reading::utilization_peak_ratio, window.peakRatio ? kSuccess : kErrorNoData, window.peakRatio.value_or(0));
    store(Reading::utilization_average_ratio, window.averageRatio ? kSuccess : kErrorNoData,
          window.averageRatio.value_or(0));
    g.record_.samples_last_seen_us = state.lastSeenUs;
    g.record_.busy_ns = state.busyNs;
    g.record_.observed_ns = state.observedNs;
    return;
  }
  for (Reading r : {Reading::busy_seconds_total, Reading::observed_seconds_total, Reading::utilization_peak_ratio,
                    Reading::utilization_average_ratio})
    store(r, code, 0);
}

}  // namespace gna::nvml
