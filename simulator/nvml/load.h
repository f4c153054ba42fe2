// The load of a GPU over time: staircases that repeat, one after the other. Closed form, so a day costs what a second
// does and two readers at the same instant agree to the last unit.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace simulator {

/// One step of a staircase.
struct LoadStep {
  std::int64_t nanoseconds;
  std::int64_t percent;
};

/// Steps that repeat from `start` on; `phase` of the period has passed by then.
struct Staircase {
  std::int64_t startNanoseconds;
  std::int64_t phaseNanoseconds;
  std::vector<LoadStep> steps;
};

class LoadTimeline {
 public:
  /// From its start on `staircase` replaces what was before. Starts must not decrease.
  void append(Staircase staircase) { staircases_.push_back(std::move(staircase)); }
  bool empty() const { return staircases_.empty(); }

  /// Load in percent at an instant, 0 before the first staircase.
  std::int64_t percentAt(std::int64_t nanoseconds) const;

  /// Integral of `weight(percent)` from `from` to `to` in weight times nanoseconds; 0 where `to` is not after `from`.
  template <class Weight>
  __int128 integral(std::int64_t from, std::int64_t to, Weight weight) const {
    __int128 sum = 0;
    std::int64_t begin = from;
    if (staircases_.empty() || begin < staircases_.front().startNanoseconds) {
      const std::int64_t end = staircases_.empty() ? to : std::min(to, staircases_.front().startNanoseconds);
      if (end > begin) sum += static_cast<__int128>(weight(0)) * (end - begin);
    }
    for (std::size_t i = 0; i < staircases_.size(); ++i) {
      const Staircase& staircase = staircases_[i];
      const std::int64_t first = std::max(begin, staircase.startNanoseconds);
      const std::int64_t last = i + 1 < staircases_.size() ? std::min(to, staircases_[i + 1].startNanoseconds) : to;
      if (last <= first) continue;
      sum += fromPeriodStart(staircase, last, weight) - fromPeriodStart(staircase, first, weight);
    }
    return sum;
  }

 private:
  static std::int64_t periodOf(const Staircase& staircase);

  /// Integral from the beginning of the period in which the staircase starts.
  template <class Weight>
  static __int128 fromPeriodStart(const Staircase& staircase, std::int64_t at, Weight weight) {
    const std::int64_t period = periodOf(staircase);
    const std::int64_t elapsed = at - staircase.startNanoseconds + staircase.phaseNanoseconds;
    __int128 whole = 0;
    __int128 part = 0;
    std::int64_t left = elapsed % period;
    for (const LoadStep& step : staircase.steps) {
      whole += static_cast<__int128>(weight(step.percent)) * step.nanoseconds;
      const std::int64_t here = std::min(left, step.nanoseconds);
      part += static_cast<__int128>(weight(step.percent)) * here;
      left -= here;
    }
    return whole * (elapsed / period) + part;
  }

  std::vector<Staircase> staircases_;
};

}  // namespace simulator
