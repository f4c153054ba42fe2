#pragma once
// A lane is one thread's trail through the driver. Before each call the thread stores which call it is and a new
// sequence number: two relaxed stores. The watchdog times a sequence that does not move; it needs nothing from the
// thread, which may be asleep in the kernel for ever.

#include <atomic>
#include <cstdint>

#include "core/clock/clock.h"
#include "core/nvml/abi.h"
#include "core/nvml/call_table.h"
#include "core/shm/segment.h"

namespace gna::nvml {

/// Where a return code is counted among the result slots of a call (records.h).
constexpr std::size_t resultSlot(Return r) { return r <= 30 ? r : r == kErrorUnknown ? 31 : 32; }

/// Written by one thread, watched by another.
class alignas(64) Lane {
 public:
  /// `statistics` = this lane's words in the shared segment, or null (tests).
  explicit Lane(shm::Word* statistics = nullptr) : statistics_(statistics) {}
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  /// Called once by the thread that owns the lane.
  void adopt(std::uint32_t tid) { tid_.store(tid, std::memory_order_release); }
  std::uint32_t tid() const { return tid_.load(std::memory_order_acquire); }

  /// Durations are measured from here on with one clock read per call.
  void beginBatch() { lastNs_ = Clock::kernelMonotonicNs(); }

  /// Says that no call is in flight any more.
  void idle() {
    call_.store(static_cast<std::uint32_t>(Call::none), std::memory_order_relaxed);
    sequence_.store(++next_, std::memory_order_relaxed);
  }

  /// Makes one call under watch. Returns what the driver returned.
  template <typename F, typename... A>
  Return run(Call call, F function, A... arguments) {
    call_.store(static_cast<std::uint32_t>(call), std::memory_order_relaxed);
    sequence_.store(++next_, std::memory_order_relaxed);
    const Return r = function(arguments...);
    if (statistics_) count(call, r);
    return r;
  }

  /// Books what was no single call: a round of them.
  void book(Call call, Return r, std::int64_t durationNs) {
    if (statistics_) add(call, r, durationNs);
  }

  struct View {
    Call call;
    std::uint64_t sequence;
  };
  /// Watchdog side. A pair torn between two calls corrects itself at the next look.
  View view() const {
    return {static_cast<Call>(call_.load(std::memory_order_relaxed)), sequence_.load(std::memory_order_relaxed)};
  }

 private:
  void count(Call call, Return r);
  void add(Call call, Return r, std::int64_t durationNs);

  std::atomic<std::uint32_t> call_{static_cast<std::uint32_t>(Call::none)};
  std::atomic<std::uint32_t> tid_{0};
  std::atomic<std::uint64_t> sequence_{0};
  std::uint64_t next_ = 0;
  std::int64_t lastNs_ = 0;
  shm::Word* statistics_;
};

}  // namespace gna::nvml
