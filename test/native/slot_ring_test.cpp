// A reader never sees half of a record, however often the writer overtakes it. Under ThreadSanitizer this is also
// the proof that the ring needs no fence.

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "check.h"
#include "core/shm/segment.h"
#include "core/shm/slot_ring.h"

using gna::shm::SlotRing;
using gna::shm::Word;

namespace {

struct Ring {
  explicit Ring(std::size_t words)
      : memory(std::make_unique<Word[]>(SlotRing::wordsNeeded(words))), ring(memory.get(), words) {}
  std::unique_ptr<Word[]> memory;
  SlotRing ring;
};

}  // namespace

TEST("nothing published reads as nothing") {
  Ring r(8);
  std::uint64_t out[8];
  CHECK_EQ(r.ring.read(out, 8), 0u);
  CHECK_EQ(r.ring.count(), 0u);
}

TEST("the newest record is read, whole, with its own length") {
  Ring r(8);
  const std::uint64_t a[3] = {1, 2, 3}, b[2] = {4, 5};
  r.ring.publish(a, sizeof a);
  const SlotRing::Piece pieces[] = {{b, sizeof b}, {a, sizeof a}};
  r.ring.publish(pieces);
  std::uint64_t out[8];
  CHECK_EQ(r.ring.read(out, 8), 5u);
  CHECK_EQ(out[0], 4u);
  CHECK_EQ(out[4], 3u);
  CHECK_EQ(r.ring.count(), 2u);
}

TEST("a record larger than the ring is cut, not written past the end") {
  Ring r(2);
  const std::uint64_t a[3] = {1, 2, 3};
  r.ring.publish(a, sizeof a);
  std::uint64_t out[8];
  CHECK_EQ(r.ring.read(out, 8), 2u);
}

TEST("several readers against a fast writer: every copy is consistent") {
  constexpr std::size_t kWords = 300;
  Ring r(kWords);
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> torn{0}, reads{0};
  auto reader = [&] {
    std::vector<std::uint64_t> out(kWords);
    std::uint64_t last = 0;
    while (!stop.load(std::memory_order_relaxed)) {
      const std::size_t n = r.ring.read(out.data(), out.size());
      if (n == 0) continue;
      for (std::size_t i = 1; i < n; ++i)
        if (out[i] != out[0]) torn.fetch_add(1, std::memory_order_relaxed);
      if (out[0] < last) torn.fetch_add(1, std::memory_order_relaxed);
      last = out[0];
      reads.fetch_add(1, std::memory_order_relaxed);
    }
  };
  std::thread one(reader), two(reader);
  std::vector<std::uint64_t> record(kWords);
  for (std::uint64_t v = 1; v <= 4000 || reads.load(std::memory_order_relaxed) < 100; ++v) {
    std::fill(record.begin(), record.end(), v);
    r.ring.publish(record.data(), (v % kWords + 1) * 8);
  }
  stop.store(true);
  one.join();
  two.join();
  CHECK_EQ(torn.load(), 0u);
  CHECK(reads.load() >= 100);
}

TEST("events are kept in order and overwritten ones are noticed") {
  auto memory = std::make_unique<Word[]>(gna::shm::kSegmentWords + 512);
  gna::shm::Segment segment(memory.get());
  segment.initialize();
  CHECK(gna::shm::Segment::check(memory.get(), gna::shm::kSegmentBytes) == nullptr);
  for (std::uint64_t i = 1; i <= gna::shm::kEventCapacity + 5; ++i) {
    gna::shm::Event e;
    e.data = 100 + i;
    segment.pushEvent(e);
  }
  gna::shm::Event out;
  CHECK(!segment.readEvent(3, out));
  CHECK(segment.readEvent(gna::shm::kEventCapacity + 5, out));
  CHECK_EQ(out.data, 100u + gna::shm::kEventCapacity + 5);
  CHECK(!segment.readEvent(gna::shm::kEventCapacity + 6, out));
}

TEST("a segment of another build is refused with words") {
  auto memory = std::make_unique<Word[]>(gna::shm::kSegmentWords + 512);
  CHECK(gna::shm::Segment::check(memory.get(), gna::shm::kSegmentBytes) != nullptr);
  gna::shm::Segment(memory.get()).initialize();
  memory[3].store(1);
  CHECK(gna::shm::Segment::check(memory.get(), gna::shm::kSegmentBytes) != nullptr);
  CHECK(gna::shm::Segment::check(memory.get(), 4096) != nullptr);
}

TEST_MAIN("slot ring")
