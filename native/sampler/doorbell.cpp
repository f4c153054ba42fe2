#include "sampler/doorbell.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace gna {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));

void Doorbell::ring() {
  rings_.fetch_add(1, std::memory_order_release);
  syscall(SYS_futex, &rings_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

void Doorbell::wait(std::uint32_t seen, std::int64_t timeoutNs) {
  timespec t{timeoutNs / 1'000'000'000, timeoutNs % 1'000'000'000};
  // EAGAIN (already rung), EINTR and ETIMEDOUT all mean: look again.
  syscall(SYS_futex, &rings_, FUTEX_WAIT_PRIVATE, seen, timeoutNs < 0 ? nullptr : &t, nullptr, 0);
}

}  // namespace gna
