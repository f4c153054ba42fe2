#pragma once
// Busy time from the driver's ring of utilisation samples: a pure function of the time-stamped stream and its own last
// state, so that a successor process goes on without a jump and without counting twice.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/nvml/abi.h"

namespace gna::nvml {

/// Integrates GPU utilisation samples (nvmlDeviceGetSamples, type 1; time stamps in µs of CLOCK_REALTIME).
class UtilizationIntegrator {
 public:
  /// Everything a successor needs.
  struct State {
    std::uint64_t lastSeenUs = 0;  // 0 = no sample yet
    std::uint64_t busyNs = 0;
    std::uint64_t observedNs = 0;
  };

  /// What one batch of samples showed besides the totals.
  struct Window {
    std::optional<double> peakRatio;
    std::optional<double> averageRatio;  // time-weighted
  };

  /// The driver's ring holds samples of 1/6 to 1 s. A longer gap means nobody looked: it is never counted.
  static constexpr std::uint64_t kLongestSampleUs = 2'500'000;
  /// A stamp further ahead of the clock than this is garbage; taken as the last seen it would silence the stream.
  static constexpr std::uint64_t kFutureUs = 1'000'000;
  /// A step of CLOCK_REALTIME against CLOCK_MONOTONIC above this is a clock change, not drift.
  static constexpr std::int64_t kClockStepNs = 50'000'000;

  const State& state() const { return state_; }
  void restore(const State& state) { state_ = state; }

  /// To be called before each batch. After a clock step nothing is counted across it: time stamps before and after
  /// are on different scales.
  void observeClock(std::int64_t realtimeMinusMonotonicNs);

  /// Takes a batch as the driver gave it at `nowUs` (CLOCK_REALTIME). Ignored are samples that are not newer than the
  /// last seen one, above 100 %, or from the future. The first batch, and the first after a clock step, only says where
  /// the stream stands: what lies in the ring was before us, or on another time scale, and counts for no total.
  Window add(const Sample* samples, std::size_t count, std::uint32_t valueType, std::uint64_t nowUs);

 private:
  State state_;
  std::optional<std::int64_t> clockOffsetNs_;
};

/// Percent of one sample by its value type; empty for a type a utilisation cannot have.
std::optional<double> sampleValue(const Value& value, std::uint32_t valueType);

}  // namespace gna::nvml
