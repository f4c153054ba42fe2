#include "core/nvml/lane.h"

namespace gna::nvml {

namespace {

// Bounds 10 µs, 100 µs … 10 s; most calls end in the first two comparisons.
std::size_t durationBucket(std::int64_t ns) {
  std::size_t bucket = 0;
  for (std::int64_t bound = 10'000; bucket < shm::kDurationBuckets - 1 && ns > bound; bound *= 10) ++bucket;
  return bucket;
}

void increase(shm::Word& word, std::uint64_t n) {  // one writer per lane: no read-modify-write needed
  word.store(word.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

}  // namespace

void Lane::count(Call call, Return r) {
  const std::int64_t now = Clock::kernelMonotonicNs();
  const std::int64_t duration = now - lastNs_;
  lastNs_ = now;
  add(call, r, duration);
}

void Lane::add(Call call, Return r, std::int64_t durationNs) {
  shm::Word* row = statistics_ + index(call) * shm::kWordsPerCall;
  increase(row[resultSlot(r)], 1);
  increase(row[shm::kResultSlots + durationBucket(durationNs)], 1);
  increase(row[shm::kResultSlots + shm::kDurationBuckets], static_cast<std::uint64_t>(durationNs));
}

}  // namespace gna::nvml
