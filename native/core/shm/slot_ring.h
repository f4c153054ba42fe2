#pragma once
// One writer, any number of readers, nobody waits: three slots of 64-bit atomic words. The writer fills a slot that is
// not the published one, then publishes its number. A reader copies the published slot and checks that its sequence
// did not move meanwhile.
//
// No fences (ThreadSanitizer does not model them). Instead every data word is stored with release and loaded with
// acquire: a reader that sees one word of a newer write also sees that slot's odd sequence. On x86 both compile to
// plain moves.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace gna::shm {

using Word = std::atomic<std::uint64_t>;
static_assert(sizeof(Word) == 8 && Word::is_always_lock_free);

/// View over the words of one ring in mapped memory. `capacityWords` is the most one record can have.
/// Layout: [0] published (count << 2 | slot, 0 = nothing yet), then 3 × { sequence, length in words, words… }.
class SlotRing {
 public:
  SlotRing() = default;
  SlotRing(Word* base, std::size_t capacityWords) : base_(base), capacity_(capacityWords) {}

  static constexpr std::size_t wordsNeeded(std::size_t capacityWords) { return 1 + 3 * (capacityWords + 2); }

  /// Part of a record: `bytes` is a multiple of 8.
  struct Piece {
    const void* data = nullptr;
    std::size_t bytes = 0;
  };

  /// Publishes `bytes` (multiple of 8, at most the capacity; more is a programming error and is cut).
  void publish(const void* record, std::size_t bytes) {
    const Piece piece{record, bytes};
    publish({&piece, 1});
  }

  /// Publishes pieces one after the other as one record.
  void publish(std::span<const Piece> pieces) {
    const std::uint64_t count = (base_[0].load(std::memory_order_relaxed) >> 2) + 1;
    const std::size_t slot = count % 3;
    Word* s = slotAt(slot);
    const std::uint64_t seq = s[0].load(std::memory_order_relaxed);
    s[0].store(seq + 1, std::memory_order_relaxed);
    std::size_t at = 0;
    for (const Piece& piece : pieces) at += put(s + 2 + at, piece.data, piece.bytes / 8, capacity_ - at);
    s[1].store(at, std::memory_order_release);
    s[0].store(seq + 2, std::memory_order_release);
    base_[0].store(count << 2 | slot, std::memory_order_release);
  }

  /// Number of publications so far; cheap way to see whether anything is new.
  std::uint64_t count() const { return base_[0].load(std::memory_order_acquire) >> 2; }

  /// Length of the newest record in words, to make room before reading; 0 = nothing yet. The next one may be longer.
  std::size_t newestWords() const {
    const std::uint64_t published = base_[0].load(std::memory_order_acquire);
    if (published == 0 || (published & 3) > 2) return 0;
    const std::uint64_t length = slotAt(published & 3)[1].load(std::memory_order_acquire);
    return length < capacity_ ? static_cast<std::size_t>(length) : capacity_;
  }

  /// Copies the newest record into `out`; with less room than it has, its beginning. Returns the words copied, 0 if
  /// nothing was published or the writer overtook us `kTries` times (then the caller keeps what it has).
  std::size_t read(std::uint64_t* out, std::size_t roomWords) const {
    constexpr int kTries = 8;
    for (int i = 0; i < kTries; ++i) {
      const std::uint64_t published = base_[0].load(std::memory_order_acquire);
      if (published == 0 || (published & 3) > 2) return 0;
      const Word* s = slotAt(published & 3);
      const std::uint64_t before = s[0].load(std::memory_order_acquire);
      if (before & 1) continue;
      std::uint64_t length = s[1].load(std::memory_order_acquire);
      if (length > capacity_ || length > roomWords) length = capacity_ < roomWords ? capacity_ : roomWords;
      for (std::uint64_t w = 0; w < length; ++w) out[w] = s[2 + w].load(std::memory_order_acquire);
      if (s[0].load(std::memory_order_relaxed) == before) return static_cast<std::size_t>(length);
    }
    return 0;
  }

 private:
  Word* slotAt(std::size_t slot) const { return base_ + 1 + slot * (capacity_ + 2); }

  static std::size_t put(Word* to, const void* from, std::size_t words, std::size_t room) {
    if (words > room) words = room;
    const auto* bytes = static_cast<const unsigned char*>(from);
    for (std::size_t w = 0; w < words; ++w) {
      std::uint64_t v;
      std::memcpy(&v, bytes + 8 * w, 8);
      to[w].store(v, std::memory_order_release);
    }
    return words;
  }

  Word* base_ = nullptr;
  std::size_t capacity_ = 0;
};

}  // namespace gna::shm
