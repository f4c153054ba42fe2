#include "clock.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <cstring>

namespace simulator {
namespace {

constexpr std::size_t kFileBytes = 64;
constexpr char kMagic[] = "GNSCLK01";

std::int64_t read(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

/// One word of the file. Another process writes it, so every access is atomic.
std::uint64_t word(const void* page, std::size_t offset, std::memory_order order) {
  const auto* place = reinterpret_cast<const std::uint64_t*>(static_cast<const char*>(page) + offset);
  return __atomic_load_n(place, static_cast<int>(order));
}

}  // namespace

Clock::Clock(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  struct stat status {};
  if (fstat(file, &status) == 0 && status.st_size >= static_cast<off_t>(kFileBytes)) {
    void* page = mmap(nullptr, kFileBytes, PROT_READ, MAP_SHARED, file, 0);
    if (page != MAP_FAILED) {
      if (std::memcmp(page, kMagic, 8) == 0) {
        page_ = page;
      } else {
        munmap(page, kFileBytes);
      }
    }
  }
  close(file);
}

Clock::~Clock() {
  if (page_ != nullptr) munmap(const_cast<void*>(page_), kFileBytes);
}

Instant Clock::now() const {
  if (page_ == nullptr) return {read(CLOCK_MONOTONIC), read(CLOCK_REALTIME)};
  // The writer makes the sequence odd, writes, makes it even; acquire loads keep the words between the two readings.
  for (;;) {
    const std::uint64_t before = word(page_, 8, std::memory_order_acquire);
    const auto base = static_cast<std::int64_t>(word(page_, 16, std::memory_order_acquire));
    const auto shown = static_cast<std::int64_t>(word(page_, 24, std::memory_order_acquire));
    const auto offset = static_cast<std::int64_t>(word(page_, 32, std::memory_order_acquire));
    const auto rate = std::bit_cast<double>(word(page_, 40, std::memory_order_acquire));
    const std::uint64_t after = word(page_, 8, std::memory_order_relaxed);
    if (before != after || (before & 1U) != 0) {
      // A writer that was stopped half-way must not make every reader spin at full speed.
      const timespec moment{0, 50'000};
      nanosleep(&moment, nullptr);
      continue;
    }
    const auto elapsed = static_cast<double>(read(CLOCK_MONOTONIC) - base) * rate;
    const std::int64_t monotonic = shown + static_cast<std::int64_t>(elapsed);
    return {monotonic, monotonic + offset};
  }
}

std::int64_t realMonotonicNanoseconds() { return read(CLOCK_MONOTONIC); }

}  // namespace simulator
