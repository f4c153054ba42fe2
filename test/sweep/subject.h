#pragma once
// One GPU, read afresh by the core through a driver that can be disturbed, at moments of the node's clock.

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "core/clock/clock.h"
#include "core/nvml/gpu_reader.h"
#include "core/nvml/lane.h"
#include "disturbance.h"
#include "node_clock.h"
#include "snapshot.h"

namespace gna::sweep {

/// Where the GPU is. What is named here outlives every subject.
struct Place {
  const nvml::Library& driver;
  const Clock& clock;
  NodeClock& nodeClock;
  std::uint32_t driverMajor;
  std::uint32_t gpu;
};

class Subject {
 public:
  /// `without`: functions this driver does not have, and fields and metrics it does not support.
  Subject(const Place& place, const std::vector<Cause>& without);
  ~Subject();
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  void disturb(const Cause& cause, const Answer& answer) { driver_.set(cause, answer); }
  void heal(const Cause& cause) { driver_.clear(cause); }

  /// A cycle at each of these seconds; looks the handle up before the first. Ends early when the GPU cannot be read.
  void readAt(std::initializer_list<double> seconds);
  /// Gives back what was allocated.
  void leave() { reader_.giveBack(); }

  bool isReadable() const { return reader_.handle() != nullptr; }
  const nvml::GpuReader& reader() const { return reader_; }
  Snapshot snapshot() const { return snapshotOf(reader_); }

  /// How often the cause was asked until now.
  std::uint64_t asked(const Cause& cause) const;
  /// Results of a function that were counted in a slot of the statistics.
  std::uint64_t counted(nvml::Call call, std::size_t slot) const;
  /// All calls, fields and metrics that were asked.
  std::vector<Cause> reached() const;

 private:
  const Place& place_;
  DisturbedDriver driver_;
  std::vector<shm::Word> statistics_;
  nvml::Lane lane_;
  const std::vector<shm::GpuFixed> formers_;
  nvml::GpuReader reader_;
  std::uint64_t cycle_ = 0;
};

}  // namespace gna::sweep
