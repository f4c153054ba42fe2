// What each process has used since it started, kept while accounting is on.
#include <algorithm>

#include "../call.h"

using namespace simulator;

namespace {

/// Processes the driver keeps the figures of, the ended ones among them; the simulated driver forgets those at once.
constexpr unsigned kBufferSize = 4000;

bool isOn(const Call& call) { return call.gpu.attributes.number(Attribute::accountingMode) == 1; }

}  // namespace

NVML_API Return nvmlDeviceGetAccountingBufferSize(DeviceHandle device, unsigned* size) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (size == nullptr) return kInvalidArgument;
    if (!call.gpu.attributes.number(Attribute::accountingMode)) return kNotSupported;
    *size = kBufferSize;
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetAccountingPids(DeviceHandle device, unsigned* count, unsigned* pids) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (count == nullptr) return kInvalidArgument;
    if (!isOn(call)) return kNotSupported;
    const auto& processes = call.gpu.processes;
    const unsigned room = pids == nullptr ? 0 : *count;
    *count = static_cast<unsigned>(processes.size());
    if (room < *count) return kInsufficientSize;
    std::ranges::transform(processes, pids, [](const Process& process) { return process.pid; });
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetAccountingStats(DeviceHandle device, unsigned pid, AccountingStats* stats) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (stats == nullptr) return kInvalidArgument;
    if (!isOn(call)) return kNotSupported;
    const auto& processes = call.gpu.processes;
    const auto found = std::ranges::find(processes, pid, &Process::pid);
    if (found == processes.end()) return kNotFound;
    constexpr std::int64_t kMicrosecond = 1'000;
    const Instant now = call.now();
    const std::int64_t bootedAt = now.realtimeNanoseconds - now.monotonicNanoseconds;
    // The time of a process that still runs is 0; it has run since the node was made.
    *stats = {
        .gpuUtilization = found->smPercent,
        .memoryUtilization = found->memoryPercent,
        .maxMemoryUsage = found->usedBytes.value_or(kNotAvailable),
        .time = 0,
        .startTime = static_cast<std::uint64_t>((bootedAt + call.view.createdMonotonicNanoseconds) / kMicrosecond),
        .isRunning = 1,
        .reserved = {}};
    return kSuccess;
  });
}
