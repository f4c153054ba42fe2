#include "subject.h"

namespace gna::sweep {

Subject::Subject(const Place& place, const std::vector<Cause>& without)
    : place_(place),
      driver_(place.driver),
      statistics_(shm::kLaneStatisticsWords),
      lane_(statistics_.data()),
      reader_(driver_.library(), lane_, place.clock, place.gpu, nullptr, {true}) {
  for (const Cause& cause : without) driver_.set(cause, cause.entry == 0 ? Answer{0, true} : Answer{3});
  reader_.begin({}, formers_);
}

Subject::~Subject() { reader_.giveBack(); }

void Subject::readAt(std::initializer_list<double> seconds) {
  for (const double at : seconds) {
    place_.nodeClock.show(at);
    if (!reader_.handle() && !reader_.attach(1, place_.driverMajor)) return;
    reader_.readCycle(++cycle_);
    if (!reader_.handle()) return;
  }
}

std::uint64_t Subject::asked(const Cause& cause) const {
  if (cause.entry != 0) return driver_.entryAsked(cause);
  std::uint64_t sum = 0;
  for (std::size_t slot = 0; slot < shm::kResultSlots; ++slot) sum += counted(cause.call, slot);
  return sum;
}

std::uint64_t Subject::counted(nvml::Call call, std::size_t slot) const {
  return statistics_[nvml::index(call) * shm::kWordsPerCall + slot].load(std::memory_order_relaxed);
}

std::vector<Cause> Subject::reached() const {
  std::vector<Cause> all;
  for (std::size_t i = 0; i < nvml::kCallCount; ++i)
    if (const Cause cause{static_cast<nvml::Call>(i)}; asked(cause) > 0) all.push_back(cause);
  for (const Cause& cause : driver_.entriesAsked()) all.push_back(cause);
  return all;
}

}  // namespace gna::sweep
