#pragma once
// Times the lanes' sequences from the main thread and says which call is slow and which is stuck. Holds no lock,
// allocates nothing, touches no driver.

#include <array>
#include <cstdint>

#include "core/shm/records.h"
#include "sampler/engine_state.h"

namespace gna {

/// Remembers since when each lane has not moved.
class Watchdog {
 public:
  explicit Watchdog(const EngineState& state) : s_(state) {}

  /// Looks at every lane. True when a verdict changed since the last look.
  bool look(std::int64_t nowNs);

  /// Fills `record` with the calls that are slow or stuck, with fresh evidence from /proc/self/task.
  void report(shm::WatchRecord& record) const;

  /// When the next verdict is due if nothing moves; INT64_MAX when no call is in flight. The events lane is left out:
  /// it waits in the driver for a living, and the look once per cycle is enough for it.
  std::int64_t nextVerdictNs() const;

  /// Lanes whose call is stuck: their threads are not waited for at exit.
  std::uint32_t stuckLanes() const;

 private:
  struct Track {
    const nvml::Lane* lane = nullptr;
    shm::LaneKind kind = shm::LaneKind::control;
    std::uint32_t gpu = 0;
    nvml::Call call = nvml::Call::none;
    std::uint64_t sequence = 0;
    std::int64_t sinceNs = 0;
    shm::Verdict verdict = shm::Verdict::in_flight;
  };

  std::int64_t deadlineNs(nvml::Call call) const;
  std::int64_t slowAfterNs(nvml::Call call) const;
  bool update(Track& track, std::int64_t nowNs);

  const EngineState& s_;
  std::array<Track, shm::kMaxInFlight> tracks_{};
  std::uint32_t count_ = 0;
};

}  // namespace gna
