#pragma once
// How one thread wakes another without a lock: a counter and the kernel's futex on it.

#include <atomic>
#include <cstdint>

namespace gna {

/// Rings are counted, so none is lost between looking and sleeping. Any thread may ring, one thread waits.
class Doorbell {
 public:
  std::uint32_t rings() const { return rings_.load(std::memory_order_acquire); }

  /// Wakes the waiter.
  void ring();

  /// Sleeps until rings() differs from `seen`, or `timeoutNs` passed (negative = no limit).
  void wait(std::uint32_t seen, std::int64_t timeoutNs);

 private:
  std::atomic<std::uint32_t> rings_{0};
};

}  // namespace gna
