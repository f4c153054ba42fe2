// The node's clock: the mapped file `clock` of the node's directory, the real clocks where there is none.
#pragma once

#include <cstdint>
#include <string>

namespace simulator {

/// One reading of the clock. Both in nanoseconds; realtime counts from 1970.
struct Instant {
  std::int64_t monotonicNanoseconds;
  std::int64_t realtimeNanoseconds;
};

class Clock {
 public:
  /// Maps `path`; a file that is absent, short or of another format leaves the real clocks in place.
  explicit Clock(const std::string& path);
  ~Clock();
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;

  /// The instant shown now; readings of one clock file are consistent though it may change at any time.
  Instant now() const;

 private:
  const void* page_ = nullptr;
};

/// CLOCK_MONOTONIC of this machine, nanoseconds: what faults are timed with, so that a frozen clock does not hold them.
std::int64_t realMonotonicNanoseconds();

}  // namespace simulator
