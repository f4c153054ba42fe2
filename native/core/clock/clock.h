#pragma once
// The one clock everything reads: cadence, deadlines, staleness. Real, or a simulated node's mapped file, so that a
// day can pass in a minute.

#include <cstdint>
#include <string>

namespace gna {

/// Monotonic and wall-clock time in nanoseconds. Thread-safe; reading never blocks.
class Clock {
 public:
  /// The kernel's clocks.
  Clock() = default;
  /// A simulated node's clock file (docs/architecture.md). On failure `valid()` is false and `error()` says why.
  explicit Clock(const std::string& file);
  ~Clock();
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;

  bool valid() const { return error_.empty(); }
  const std::string& error() const { return error_; }

  /// CLOCK_MONOTONIC, or the simulated one.
  std::int64_t monotonicNs() const;
  /// CLOCK_REALTIME, or the simulated one.
  std::int64_t realtimeNs() const;

  /// Real nanoseconds to sleep until the clock shows `deadlineNs`; at most `kLongestSleepNs` on a simulated clock,
  /// which may be set while we sleep. 0 when it is reached.
  std::int64_t sleepUntilNs(std::int64_t deadlineNs) const;
  static constexpr std::int64_t kLongestSleepNs = 50'000'000;

  /// The kernel's monotonic clock, for measuring durations of real calls.
  static std::int64_t kernelMonotonicNs();

 private:
  struct Reading {
    std::int64_t monotonicNs, realtimeNs;
    double rate;
  };
  Reading readMapped() const;

  const void* mapped_ = nullptr;
  std::string error_;
};

}  // namespace gna
