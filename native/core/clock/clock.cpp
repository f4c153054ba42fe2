#include "core/clock/clock.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstring>

namespace gna {

namespace {

constexpr std::size_t kFileBytes = 64;
using Word = std::atomic<std::uint64_t>;
enum FileWord { magic, sequence, baseMonotonic, shownMonotonic, realtimeOffset, rate };

std::int64_t kernelClock(clockid_t id) {
  timespec t;
  clock_gettime(id, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

std::int64_t Clock::kernelMonotonicNs() { return kernelClock(CLOCK_MONOTONIC); }

Clock::Clock(const std::string& file) {
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat st {};
  if (fd < 0 || fstat(fd, &st) != 0) {
    error_ = "clock file " + file + ": " + std::strerror(errno);
  } else if (static_cast<std::size_t>(st.st_size) < kFileBytes) {
    error_ = "clock file " + file + ": expected 64 bytes, found " + std::to_string(st.st_size);
  } else {
    void* p = mmap(nullptr, kFileBytes, PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) {
      error_ = "clock file " + file + ": " + std::strerror(errno);
    } else if (std::memcmp(p, "GNSCLK01", 8) != 0) {
      error_ = "clock file " + file + ": expected it to begin with GNSCLK01";
      munmap(p, kFileBytes);
    } else {
      mapped_ = p;
    }
  }
  if (fd >= 0) close(fd);
}

Clock::~Clock() {
  if (mapped_) munmap(const_cast<void*>(mapped_), kFileBytes);
}

Clock::Reading Clock::readMapped() const {
  const auto* w = static_cast<const Word*>(mapped_);
  for (;;) {
    const std::uint64_t before = w[FileWord::sequence].load(std::memory_order_acquire);
    const auto base = static_cast<std::int64_t>(w[FileWord::baseMonotonic].load(std::memory_order_acquire));
    const auto shown = static_cast<std::int64_t>(w[FileWord::shownMonotonic].load(std::memory_order_acquire));
    const auto offset = static_cast<std::int64_t>(w[FileWord::realtimeOffset].load(std::memory_order_acquire));
    const auto speed = std::bit_cast<double>(w[FileWord::rate].load(std::memory_order_acquire));
    if ((before & 1) || w[FileWord::sequence].load(std::memory_order_relaxed) != before) continue;
    const std::int64_t now = shown + static_cast<std::int64_t>(static_cast<double>(kernelMonotonicNs() - base) * speed);
    return {now, now + offset, speed};
  }
}

std::int64_t Clock::monotonicNs() const { return mapped_ ? readMapped().monotonicNs : kernelMonotonicNs(); }

std::int64_t Clock::realtimeNs() const { return mapped_ ? readMapped().realtimeNs : kernelClock(CLOCK_REALTIME); }

std::int64_t Clock::sleepUntilNs(std::int64_t deadlineNs) const {
  if (!mapped_) return std::max<std::int64_t>(0, deadlineNs - kernelMonotonicNs());
  const Reading r = readMapped();
  if (r.monotonicNs >= deadlineNs) return 0;
  if (r.rate <= 0) return kLongestSleepNs;
  const double real = static_cast<double>(deadlineNs - r.monotonicNs) / r.rate;
  return real >= static_cast<double>(kLongestSleepNs) ? kLongestSleepNs : static_cast<std::int64_t>(real) + 1;
}

}  // namespace gna
