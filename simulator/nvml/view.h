// The node as the journal describes it at some length: made by replaying, never changed afterwards.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gpu.h"
#include "journal.h"
#include "recorded_answers.h"

namespace simulator {

enum class Hang : std::uint64_t { None, Killable, Uninterruptible };

/// One thing that goes wrong, until it is cleared.
struct Fault {
  std::uint32_t id;
  const char* function;  // "*": every function
  std::int32_t gpu;      // -1: all
  std::int32_t pid;      // -1: all
  Hang hang;
  bool hasCode;
  std::int32_t code;
  std::int64_t sleepNanoseconds;
  std::int64_t busyNanoseconds;
  std::int64_t fromRealMonotonicNanoseconds;
  const char* frozenFile;

  /// Whether it strikes a call of this process now; gpu -1 = the call is about no GPU.
  bool strikes(const char* calledFunction, std::int32_t calledGpu, std::int64_t realMonotonicNanoseconds) const;
};

/// What calls of a function take.
struct CallLatency {
  const char* function;  // "*": those that are not named
  std::int64_t nanoseconds;
};

/// Loads and sample rings reach back so far before the node was made; counters do not.
inline constexpr std::int64_t kHistoryNanoseconds = 60'000'000'000;

struct View {
  std::uint64_t journalLength = 0;
  std::uint64_t seed = 0;
  /// Shown monotonic time at which the node was made.
  std::int64_t createdMonotonicNanoseconds = 0;
  AttributeTable node;
  std::vector<Gpu> gpus;
  std::vector<Fault> faults;
  std::vector<CallLatency> latencies;
  RecordedAnswers recorded;
  bool driverLoaded = false;
  /// Branch of the loaded kernel module, e.g. "580"; empty before the first load.
  std::string moduleBranch;
  /// Counts loads of the module: what was opened under another one is stale.
  std::uint32_t moduleGeneration = 0;

  /// The GPUs that the nvidia module has, in the order of their index; an entry says which of `gpus` it is.
  std::vector<std::uint32_t> enumerated() const;

  /// Whether a fault is still there.
  bool hasFault(std::uint32_t id) const;
  /// What a call of a function takes before it answers, nanoseconds.
  std::int64_t latencyOf(const char* function) const;
};

/// Replays what is published now.
std::shared_ptr<const View> replay(const Journal& journal);

}  // namespace simulator
