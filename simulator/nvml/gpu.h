// One simulated GPU as the journal left it, and what it shows at an instant.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "attributes.h"
#include "load.h"

namespace simulator {

enum class ProcessKind : std::uint64_t { Compute, Graphics, Mps };

struct Process {
  std::uint32_t pid;
  ProcessKind kind;
  std::optional<std::uint64_t> usedBytes;
  std::uint32_t smPercent;
  std::uint32_t memoryPercent;
  std::uint32_t encoderPercent;
  std::uint32_t decoderPercent;
  std::uint32_t gpuInstance;      // kNotApplicable on a whole GPU
  std::uint32_t computeInstance;  // kNotApplicable on a whole GPU
};

struct MigInstance {
  /// Number of the journal entry that made it: never used twice, so an old handle is known as old.
  std::uint32_t creation;
  std::uint32_t gpuInstance;
  std::uint32_t computeInstance;
  std::uint64_t slices;
  std::uint64_t computeSlices;
  std::uint64_t multiprocessors;
  std::uint64_t copyEngines;
  std::uint64_t decoders;
  std::uint64_t encoders;
  std::uint64_t jpegEngines;
  std::uint64_t ofaEngines;
  std::uint64_t memoryTotalBytes;
  std::uint64_t memoryReservedBytes;
  std::uint64_t memoryUsedBytes;
  std::uint64_t bar1TotalBytes;
  std::uint64_t bar1UsedBytes;
  std::uint64_t uncorrectedErrors;
  std::uint32_t profileId;
  std::uint32_t firstMemorySlice;
  std::uint32_t memorySlices;
  const char* profile;
  const char* uuid;
};

/// A size of GPU instance that the GPU can be cut into.
struct MigProfile {
  std::uint32_t number;  // in the driver's list of all profiles
  std::uint32_t id;
  std::uint32_t slices;
  std::uint32_t instances;
  std::uint32_t multiprocessors;
  std::uint32_t copyEngines;
  std::uint32_t decoders;
  std::uint32_t encoders;
  std::uint32_t jpegEngines;
  std::uint32_t ofaEngines;
  std::uint64_t memoryMebibytes;
  std::uint32_t memorySlices;
  /// Bit n: an instance may begin at memory slice n.
  std::uint32_t placements;
  const char* name;
};

class Gpu {
 public:
  AttributeTable attributes;
  LoadTimeline load;
  std::vector<Process> processes;
  /// By MIG index; an empty optional is a free slot.
  std::vector<std::optional<MigInstance>> migInstances;
  std::vector<MigProfile> migProfiles;
  bool lost = false;
  /// Whether the nvidia module has it: what is bound to another driver is counted and found by nobody.
  bool bound = true;

  /// A value between `idle` and `fullLoad` at a load in percent, rounded down; absent when either is.
  std::optional<std::int64_t> atLoad(Attribute idle, Attribute fullLoad, std::int64_t percent) const;
  /// `idle` while the load is 0, else `busy`.
  std::optional<std::uint64_t> idleOrBusy(Attribute idle, Attribute busy, std::int64_t nanoseconds) const;
  /// Bits of the clocks event reasons at an instant.
  std::optional<std::uint64_t> clocksEventReasons(std::int64_t nanoseconds) const;
  /// A counter at an instant: its value when set, and what it has grown by since.
  std::optional<std::uint64_t> counter(Attribute attribute, std::int64_t nanoseconds) const;
  /// Mean power in milliwatts over an interval, rounded down; of the GPU or of the module.
  std::optional<std::uint64_t> meanPowerMilliwatts(Attribute idle, Attribute fullLoad, std::int64_t from,
                                                   std::int64_t to) const;
  /// Mean load in percent over an interval, rounded down.
  std::uint64_t meanPercent(std::int64_t from, std::int64_t to) const;
  /// The same, not rounded.
  double exactMeanPercent(std::int64_t from, std::int64_t to) const;
  /// Writes what every counter has grown to at an instant into its value: done before anything changes a rate.
  void settleCounters(std::int64_t nanoseconds);

 private:
  std::uint64_t growth(Attribute attribute, std::int64_t from, std::int64_t to) const;
  std::uint64_t energyGrowth(Attribute idle, Attribute fullLoad, std::int64_t from, std::int64_t to) const;
  std::uint64_t ratedGrowth(Attribute rate, std::int64_t from, std::int64_t to) const;
  /// Bytes over one NVLink with the protocol's share, whose data has a rate in KiB/s.
  std::uint64_t linkBytesGrowth(Attribute rate, std::int64_t from, std::int64_t to) const;
};

}  // namespace simulator
