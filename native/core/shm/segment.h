#pragma once
// The whole shared segment: where each ring lies. One segment per sampler generation, made by the agent.

#include <cstdint>

#include "core/nvml/call_table.h"
#include "core/shm/gpu_record.h"
#include "core/shm/records.h"
#include "core/shm/slot_ring.h"

namespace gna::shm {

/// Words of one lane's call statistics: per call the results, then the duration buckets, then the sum in ns.
inline constexpr std::size_t kWordsPerCall = kResultSlots + kDurationBuckets + 1;
inline constexpr std::size_t kLaneStatisticsWords = nvml::kCallCount * kWordsPerCall;
inline constexpr std::size_t kLaneCount = kMaxGpus + 3;  // control, events, hami, gpu 0…

inline constexpr std::size_t kHeaderWords = 512;  // one page
inline constexpr std::size_t kDriverRingAt = kHeaderWords;
inline constexpr std::size_t kWatchRingAt = kDriverRingAt + SlotRing::wordsNeeded(sizeof(DriverRecord) / 8);
inline constexpr std::size_t kEventsAt = kWatchRingAt + SlotRing::wordsNeeded(sizeof(WatchRecord) / 8);
inline constexpr std::size_t kEventWords = sizeof(Event) / 8 + 1;  // sequence + event
inline constexpr std::size_t kStatisticsAt = kEventsAt + 1 + kEventCapacity * kEventWords;
inline constexpr std::size_t kGpuRingsAt = kStatisticsAt + kLaneCount * kLaneStatisticsWords;
inline constexpr std::size_t kGpuRingWords = SlotRing::wordsNeeded(kGpuRecordBytes / 8);
inline constexpr std::size_t kHamiRingAt = kGpuRingsAt + kMaxGpus * kGpuRingWords;
inline constexpr std::size_t kSegmentWords = kHamiRingAt + SlotRing::wordsNeeded(kHamiBlobBytes / 8);
inline constexpr std::size_t kSegmentBytes = (kSegmentWords * 8 + 4095) / 4096 * 4096;

/// View of a mapped segment. Does not own the mapping. Rings with one writer each; readers map read-only.
class Segment {
 public:
  Segment() = default;
  explicit Segment(void* mapping) : words_(static_cast<Word*>(mapping)) {}

  /// Writer side, once: magic, layout version and the sizes a reader checks.
  void initialize();

  /// Reader side: empty when the segment can be read, else what was expected and what was found.
  static const char* check(const void* mapping, std::size_t bytes);

  SlotRing driver() const { return {words_ + kDriverRingAt, sizeof(DriverRecord) / 8}; }
  SlotRing watch() const { return {words_ + kWatchRingAt, sizeof(WatchRecord) / 8}; }
  SlotRing gpu(std::uint32_t i) const { return {words_ + kGpuRingsAt + i * kGpuRingWords, kGpuRecordBytes / 8}; }
  SlotRing hami() const { return {words_ + kHamiRingAt, kHamiBlobBytes / 8}; }
  Word* statistics(std::size_t lane) const { return words_ + kStatisticsAt + lane * kLaneStatisticsWords; }

  /// Appends an event (events thread only); overwrites the oldest when full.
  void pushEvent(Event event);

  /// Copies event `number` (1-based). False when it is not there yet or was overwritten.
  bool readEvent(std::uint64_t number, Event& out) const;
  std::uint64_t lastEventNumber() const { return words_[kEventsAt].load(std::memory_order_acquire); }

  bool valid() const { return words_ != nullptr; }

 private:
  Word* words_ = nullptr;
};

}  // namespace gna::shm
