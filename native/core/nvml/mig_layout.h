#pragma once
// Counts how often a GPU was divided anew. Dividing takes many steps (every instance is destroyed and created one by
// one) and seconds: it counts once, when the division has stood still.

#include <cstdint>

namespace gna::nvml {

/// A function of what was seen and its own last state, so that a successor process goes on with the count.
class MigLayout {
 public:
  struct State {
    std::uint64_t settled = 0;  // fingerprint that was counted last; 0 = none was seen yet
    std::uint64_t seen = 0;     // the newest one
    std::int64_t sinceNs = 0;   // when it was first seen
    std::uint64_t changes = 0;
  };

  /// After this long without a further step a change is over: NVIDIA's own monitor waits as long before it looks again
  /// (nvml.md §2.2).
  static constexpr std::int64_t kSettledAfterNs = 10'000'000'000;

  const State& state() const { return state_; }
  void restore(const State& state) { state_ = state; }

  /// To be told each cycle how the GPU is divided now. `fingerprint` is not 0. What comes first is how it was found.
  void observe(std::uint64_t fingerprint, std::int64_t nowNs);

 private:
  State state_;
};

}  // namespace gna::nvml
