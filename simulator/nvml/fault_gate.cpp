#include "fault_gate.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

namespace simulator {
namespace {

constexpr std::int64_t kPollNanoseconds = 50'000'000;

void sleepFor(std::int64_t nanoseconds) {
  timespec left{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
  while (nanosleep(&left, &left) != 0) {
  }
}

std::int64_t threadCpuNanoseconds() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<std::int64_t>(used.tv_sec) * 1'000'000'000 + used.tv_nsec;
}

/// CPU time of this thread, so that a crowded machine does not make the burden smaller.
void burnFor(std::int64_t nanoseconds) {
  const std::int64_t end = threadCpuNanoseconds() + nanoseconds;
  while (threadCpuNanoseconds() < end) {
  }
}

/// Writes to a file whose file system is frozen: the kernel keeps the writer in uninterruptible sleep until it is
/// thawed. kOperatingSystem when the file cannot be written at all, so a wrong path shows.
Return sleepInKernel(const char* path) {
  const int file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file < 0) return kOperatingSystem;
  const ssize_t written = write(file, ".", 1);
  close(file);
  return written == 1 ? kSuccess : kOperatingSystem;
}

Return suffer(Library& library, const Fault& fault) {
  if (fault.hang == Hang::Killable) {
    while (library.view()->hasFault(fault.id)) sleepFor(kPollNanoseconds);
  } else if (fault.hang == Hang::Uninterruptible) {
    const Return outcome = sleepInKernel(fault.frozenFile);
    if (outcome != kSuccess) return outcome;
  }
  if (fault.sleepNanoseconds > 0) sleepFor(fault.sleepNanoseconds);
  if (fault.busyNanoseconds > 0) burnFor(fault.busyNanoseconds);
  return fault.hasCode ? fault.code : kSuccess;
}

}  // namespace

Return sufferFaults(Library& library, const char* function, std::int32_t gpu) {
  if (!library.hasNode()) return kSuccess;
  auto view = library.view();
  return sufferFaults(library, function, gpu, view);
}

Return sufferFaults(Library& library, const char* function, std::int32_t gpu, std::shared_ptr<const View>& view) {
  if (!view->latencies.empty()) {
    const std::int64_t latency = view->latencyOf(function);
    if (latency > 0) sleepFor(latency);
  }
  if (view->faults.empty()) return kSuccess;
  const std::int64_t now = realMonotonicNanoseconds();
  const auto before = view;
  for (const Fault& fault : before->faults) {
    if (!fault.strikes(function, gpu, now)) continue;
    const Return outcome = suffer(library, fault);
    if (outcome != kSuccess) return outcome;
    view = library.view();
  }
  return kSuccess;
}

Return sufferFaults(Library& library, const char* function, std::span<const std::uint32_t> gpus,
                    std::uint64_t afterId) {
  const auto view = library.view();
  const std::int64_t now = realMonotonicNanoseconds();
  for (const Fault& fault : view->faults) {
    const bool strikes = fault.strikes(function, -1, now) || std::ranges::any_of(gpus, [&](std::uint32_t gpu) {
                           return fault.strikes(function, static_cast<std::int32_t>(gpu), now);
                         });
    if (fault.id <= afterId || !strikes) continue;
    const Return outcome = suffer(library, fault);
    if (outcome != kSuccess) return outcome;
  }
  return kSuccess;
}

}  // namespace simulator
