#include "core/shm/segment.h"

namespace gna::shm {

namespace {
enum HeaderWord { magic = 0, version = 1, bytes = 2, readings = 3, calls = 4 };

// Rows of all tables of readings: other tables, other layout.
constexpr std::size_t kReadingRows = ReadingTable<Reading>::count + ReadingTable<MigReading>::count +
                                     ReadingTable<LinkReading>::count + ReadingTable<C2cLinkReading>::count +
                                     ReadingTable<FanReading>::count;
}  // namespace

void Segment::initialize() {
  words_[HeaderWord::version].store(kLayoutVersion, std::memory_order_relaxed);
  words_[HeaderWord::bytes].store(kSegmentBytes, std::memory_order_relaxed);
  words_[HeaderWord::readings].store(kReadingRows, std::memory_order_relaxed);
  words_[HeaderWord::calls].store(nvml::kCallCount, std::memory_order_relaxed);
  words_[HeaderWord::magic].store(kMagic, std::memory_order_release);
}

const char* Segment::check(const void* mapping, std::size_t size) {
  if (size < kSegmentBytes) return "the shared segment is smaller than this build's layout";
  const auto* w = static_cast<const Word*>(mapping);
  if (w[HeaderWord::magic].load(std::memory_order_acquire) != kMagic)
    return "the shared segment is not initialised yet";
  if (w[HeaderWord::version].load(std::memory_order_relaxed) != kLayoutVersion ||
      w[HeaderWord::bytes].load(std::memory_order_relaxed) != kSegmentBytes ||
      w[HeaderWord::readings].load(std::memory_order_relaxed) != kReadingRows ||
      w[HeaderWord::calls].load(std::memory_order_relaxed) != nvml::kCallCount)
    return "sampler and agent are of different builds: install both from the same package";
  return nullptr;
}

void Segment::pushEvent(Event event) {
  const std::uint64_t number = words_[kEventsAt].load(std::memory_order_relaxed) + 1;
  event.number = number;
  Word* at = words_ + kEventsAt + 1 + (number % kEventCapacity) * kEventWords;
  at[0].store(number * 2 - 1, std::memory_order_relaxed);  // odd: being written
  std::uint64_t raw[sizeof(Event) / 8];
  std::memcpy(raw, &event, sizeof raw);
  for (std::size_t w = 0; w < sizeof(Event) / 8; ++w) at[1 + w].store(raw[w], std::memory_order_release);
  at[0].store(number * 2, std::memory_order_release);
  words_[kEventsAt].store(number, std::memory_order_release);
}

bool Segment::readEvent(std::uint64_t number, Event& out) const {
  const Word* at = words_ + kEventsAt + 1 + (number % kEventCapacity) * kEventWords;
  if (at[0].load(std::memory_order_acquire) != number * 2) return false;
  std::uint64_t raw[sizeof(Event) / 8];
  for (std::size_t w = 0; w < sizeof(Event) / 8; ++w) raw[w] = at[1 + w].load(std::memory_order_acquire);
  if (at[0].load(std::memory_order_relaxed) != number * 2) return false;
  std::memcpy(&out, raw, sizeof out);
  return true;
}

}  // namespace gna::shm
