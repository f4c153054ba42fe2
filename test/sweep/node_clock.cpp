#include "node_clock.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <cstring>

namespace gna::sweep {

namespace {
constexpr std::size_t kBytes = 64, kSequenceAt = 8, kShownAt = 24;
}  // namespace

NodeClock::NodeClock(const std::string& file) {
  const int fd = open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void* mapped = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped == MAP_FAILED) return;
  bytes_ = static_cast<char*>(mapped);
  std::memcpy(&startNs_, bytes_ + kShownAt, sizeof startNs_);
}

NodeClock::~NodeClock() {
  show(0);
  if (bytes_) munmap(bytes_, kBytes);
}

void NodeClock::show(double seconds) {
  if (!bytes_) return;
  const std::int64_t shown = startNs_ + std::llround(seconds * 1e9);
  // One writer; its readers are on this thread.
  std::uint64_t sequence = 0;
  std::memcpy(&sequence, bytes_ + kSequenceAt, sizeof sequence);
  std::memcpy(bytes_ + kShownAt, &shown, sizeof shown);
  std::atomic_thread_fence(std::memory_order_release);
  sequence += 2;
  std::memcpy(bytes_ + kSequenceAt, &sequence, sizeof sequence);
}

}  // namespace gna::sweep
