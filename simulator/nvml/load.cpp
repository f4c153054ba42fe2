#include "load.h"

namespace simulator {

std::int64_t LoadTimeline::periodOf(const Staircase& staircase) {
  std::int64_t period = 0;
  for (const LoadStep& step : staircase.steps) period += step.nanoseconds;
  return period;
}

std::int64_t LoadTimeline::percentAt(std::int64_t nanoseconds) const {
  const Staircase* current = nullptr;
  for (const Staircase& staircase : staircases_) {
    if (staircase.startNanoseconds <= nanoseconds) current = &staircase;
  }
  if (current == nullptr) return 0;
  const std::int64_t period = periodOf(*current);
  if (period == 0) return 0;  // a staircase without steps is no load
  std::int64_t left = (nanoseconds - current->startNanoseconds + current->phaseNanoseconds) % period;
  for (const LoadStep& step : current->steps) {
    if (left < step.nanoseconds) return step.percent;
    left -= step.nanoseconds;
  }
  return current->steps.back().percent;
}

}  // namespace simulator
