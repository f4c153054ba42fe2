// Who runs on a GPU or instance, and how busy each keeps it.
#include <cstring>
#include <vector>

#include "../call.h"

using namespace simulator;

namespace {

/// One entry of any version: each is a prefix of the longest.
struct LongestProcessInfo {
  std::uint32_t pid;
  std::uint64_t usedGpuMemory;
  std::uint32_t gpuInstanceId;
  std::uint32_t computeInstanceId;
  std::uint64_t usedGpuCcProtectedMemory;
};
static_assert(sizeof(LongestProcessInfo) == 32 && offsetof(LongestProcessInfo, computeInstanceId) == 20);

constexpr std::size_t kStrideV1 = 16;
constexpr std::size_t kStrideV2 = 24;
/// The one whose stride differed between drivers that all called it _v3.
constexpr std::size_t kStrideOfScenario = 0;

std::vector<const Process*> processesOf(const Call& call, ProcessKind kind) {
  std::vector<const Process*> found;
  for (const Process& process : call.gpu.processes) {
    const bool here = call.mig == nullptr || (process.gpuInstance == call.mig->gpuInstance &&
                                              process.computeInstance == call.mig->computeInstance);
    if (here && process.kind == kind) found.push_back(&process);
  }
  return found;
}

Return giveProcesses(const char* function, DeviceHandle device, ProcessKind kind, std::size_t stride, unsigned* count,
                     void* infos) {
  return onDevice(function, device, Accepts::Both, [&](const Call& call) {
    if (count == nullptr) return kInvalidArgument;
    const std::size_t bytes =
        stride == kStrideOfScenario ? call.view.node.number(Attribute::processStrideBytes).value_or(kStrideV2) : stride;
    const auto processes = processesOf(call, kind);
    const unsigned room = *count;
    *count = static_cast<unsigned>(processes.size());
    if (room < processes.size()) return kInsufficientSize;
    if (processes.empty()) return kSuccess;
    if (infos == nullptr) return kInvalidArgument;
    for (std::size_t i = 0; i < processes.size(); ++i) {
      LongestProcessInfo info;
      std::memset(&info, 0, sizeof info);
      info.pid = processes[i]->pid;
      info.usedGpuMemory = processes[i]->usedBytes.value_or(kNotAvailable);
      info.gpuInstanceId = processes[i]->gpuInstance;
      info.computeInstanceId = processes[i]->computeInstance;
      std::memcpy(static_cast<char*>(infos) + i * bytes, &info, bytes);
    }
    return kSuccess;
  });
}

/// Processes that kept the GPU busy in the last whole second, and the stamp of its end.
struct BusyProcesses {
  std::vector<const Process*> processes;
  std::uint64_t stampMicroseconds;
};

BusyProcesses busyProcessesOf(const Call& call, std::uint64_t lastSeen) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  constexpr std::int64_t kMicrosecond = 1'000;
  const Instant now = call.now();
  const std::int64_t second = now.monotonicNanoseconds / kSecond * kSecond;
  BusyProcesses busy{
      {}, static_cast<std::uint64_t>((second + now.realtimeNanoseconds - now.monotonicNanoseconds) / kMicrosecond)};
  if (busy.stampMicroseconds <= lastSeen) return busy;
  for (const Process& process : call.gpu.processes) {
    if (process.smPercent + process.memoryPercent + process.encoderPercent + process.decoderPercent > 0) {
      busy.processes.push_back(&process);
    }
  }
  return busy;
}

}  // namespace

NVML_API Return nvmlDeviceGetComputeRunningProcesses_v3(DeviceHandle device, unsigned* count, void* infos) {
  return giveProcesses(__func__, device, ProcessKind::Compute, kStrideOfScenario, count, infos);
}
NVML_API Return nvmlDeviceGetComputeRunningProcesses_v2(DeviceHandle device, unsigned* count, void* infos) {
  return giveProcesses(__func__, device, ProcessKind::Compute, kStrideV2, count, infos);
}
NVML_API Return nvmlDeviceGetComputeRunningProcesses(DeviceHandle device, unsigned* count, void* infos) {
  return giveProcesses(__func__, device, ProcessKind::Compute, kStrideV1, count, infos);
}
NVML_API Return nvmlDeviceGetGraphicsRunningProcesses_v3(DeviceHandle device, unsigned* count, void* infos) {
  return giveProcesses(__func__, device, ProcessKind::Graphics, kStrideOfScenario, count, infos);
}
NVML_API Return nvmlDeviceGetGraphicsRunningProcesses_v2(DeviceHandle device, unsigned* count, void* infos) {
  return giveProcesses(__func__, device, ProcessKind::Graphics, kStrideV2, count, infos);
}
NVML_API Return nvmlDeviceGetGraphicsRunningProcesses(DeviceHandle device, unsigned* count, void* infos) {
  return giveProcesses(__func__, device, ProcessKind::Graphics, kStrideV1, count, infos);
}
NVML_API Return nvmlDeviceGetMPSComputeRunningProcesses_v3(DeviceHandle device, unsigned* count, void* infos) {
  return giveProcesses(__func__, device, ProcessKind::Mps, kStrideOfScenario, count, infos);
}
NVML_API Return nvmlDeviceGetMPSComputeRunningProcesses_v2(DeviceHandle device, unsigned* count, void* infos) {
  return giveProcesses(__func__, device, ProcessKind::Mps, kStrideV2, count, infos);
}
NVML_API Return nvmlDeviceGetMPSComputeRunningProcesses(DeviceHandle device, unsigned* count, void* infos) {
  return giveProcesses(__func__, device, ProcessKind::Mps, kStrideV1, count, infos);
}

NVML_API Return nvmlDeviceGetProcessUtilization(DeviceHandle device, ProcessUtilizationSample* samples, unsigned* count,
                                                unsigned long long lastSeenTimeStamp) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (count == nullptr) return kInvalidArgument;
    if (call.migEnabled()) return kNotSupported;
    const auto [processes, stamp] = busyProcessesOf(call, lastSeenTimeStamp);
    if (processes.empty()) return kNotFound;
    const unsigned room = samples == nullptr ? 0 : *count;
    *count = static_cast<unsigned>(processes.size());
    if (room < processes.size()) return kInsufficientSize;
    for (std::size_t i = 0; i < processes.size(); ++i) {
      const Process& process = *processes[i];
      samples[i] = {process.pid,           stamp, process.smPercent, process.memoryPercent, process.encoderPercent,
                    process.decoderPercent};
    }
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetProcessesUtilizationInfo(DeviceHandle device, ProcessesUtilization* info) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (info == nullptr) return kInvalidArgument;
    if (info->version != versionWord<ProcessesUtilization>(1)) return kVersionMismatch;
    if (call.migEnabled()) return kNotSupported;
    const auto [processes, stamp] = busyProcessesOf(call, info->lastSeenTimeStamp);
    if (processes.empty()) return kNotFound;
    const unsigned room = info->procUtilArray == nullptr ? 0 : info->processSamplesCount;
    info->processSamplesCount = static_cast<unsigned>(processes.size());
    if (room < processes.size()) return kInsufficientSize;
    for (std::size_t i = 0; i < processes.size(); ++i) {
      const Process& process = *processes[i];
      info->procUtilArray[i] = {stamp,
                                process.pid,
                                process.smPercent,
                                process.memoryPercent,
                                process.encoderPercent,
                                process.decoderPercent,
                                0,
                                0};
    }
    return kSuccess;
  });
}
