// The node's state file: a header and entries of one size, to which the tool appends. The compiled scenario is the
// first part of the journal, so a value from the scenario and one that was set later are the same thing.
//
// Header, little-endian: 0 magic "GNSSTAT1" · 8 u32 entry bytes · 12 u32 capacity in entries · 16 u64 seed ·
// 24 i64 shown CLOCK_MONOTONIC at creation, ns · 32 u32 GPUs · 36 u32 entries of the scenario · 40 u64 published
// entries. Entries start at byte 4096.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace simulator {

/// What an entry does. `numbers` are listed in order.
enum class EntryKind : std::uint32_t {
  /// attribute, present, number; text. gpu -1: an attribute of the node
  SetValue = 1,
  /// steps, phase ns, then nanoseconds and percent of each step
  SetLoad = 2,
  /// kind (0 compute, 1 graphics, 2 MPS), memory known, bytes, SM, memory, encoder, decoder percent, GI, CI
  StartProcess = 3,
  /// by pid, on one GPU or all
  EndProcess = 4,
  /// GI, CI, GI slices, CI slices, SMs, copy engines, decoders, encoders, JPEG, OFA engines, total, reserved, used
  /// bytes, BAR1 total, used bytes, uncorrected errors, profile id, first memory slice, memory slices; name = profile,
  /// text = UUID
  CreateMigInstance = 5,
  /// GI, CI
  DestroyMigInstance = 6,
  /// hang (0 none, 1 killable, 2 D state), has code, code, sleep ns, busy ns, from real monotonic ns; name = function
  /// or *, text = file whose writer sleeps in D state
  Fault = 7,
  /// id of the fault or lost entry, 0 = all of them
  Clear = 8,
  /// the GPU fell off the bus
  LoseGpu = 9,
  /// type, data, GI, CI
  Event = 10,
  UnloadDriver = 11,
  /// name = branch, e.g. 580
  LoadDriver = 12,
  /// name = kernel driver the GPU is bound to from now on, empty = none
  BindGpu = 13,
  /// number of the profile in the driver's list, id, slices, how many fit, SMs, copy engines, decoders, encoders, JPEG,
  /// OFA engines, mebibytes, memory slices, bits of the memory slices at which it may begin; name = profile
  OfferMigProfile = 14,
  /// sleep ns; name = function or *: what every such call takes, of the functions named alone before *
  CallLatency = 15,
  /// MIG device + 1, GPU instance + 1 (0 = none), code, how many arguments, four arguments, how many filled, four
  /// lengths; name = function, text = what was filled, one behind the other. gpu -1: of the node
  RecordedAnswer = 16,
  /// scope, how many, then for each (at most 7): id, code | type << 32, the eight bytes
  RecordedFields = 17,
  /// GPU instance + 1 (0 = none), how many, then for each (at most 7): id, code, bits of the double
  RecordedMetrics = 18,
};

/// One entry of the journal; lies in the file as it is declared.
struct Entry {
  EntryKind kind;
  /// Place in the journal, counted from 1; written with the entry, so a reader sees whether it is all there.
  std::uint32_t id;
  std::int64_t shownMonotonicNanoseconds;
  std::int64_t realMonotonicNanoseconds;
  std::int32_t gpu;  // -1: all, or the node
  std::int32_t pid;  // -1: all
  std::uint64_t numbers[24];
  char name[64];
  char text[288];
};
static_assert(sizeof(Entry) == 576 && offsetof(Entry, name) == 224 && offsetof(Entry, text) == 288);

class Journal {
 public:
  /// Maps the file read-only; `valid()` says whether it is a state file.
  explicit Journal(const std::string& path);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  bool valid() const { return bytes_ != nullptr; }
  /// Published entries; only ever grows.
  std::uint64_t length() const;
  /// Entry at a place below length(), nullptr while it is not all there.
  const Entry* at(std::uint64_t place) const;

  std::uint64_t seed() const { return header(16); }
  std::int64_t createdMonotonicNanoseconds() const { return static_cast<std::int64_t>(header(24)); }
  std::uint32_t gpus() const { return static_cast<std::uint32_t>(header(32)); }
  /// Entries that the scenario became.
  std::uint32_t scenarioEntries() const { return static_cast<std::uint32_t>(header(32) >> 32U); }

 private:
  std::uint64_t header(std::size_t offset) const;

  const char* bytes_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace simulator
