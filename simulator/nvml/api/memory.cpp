// Frame buffer and BAR1, of a GPU or of a MIG instance.
#include <optional>

#include "../call.h"

using namespace simulator;

namespace {

struct Usage {
  std::uint64_t totalBytes;
  std::uint64_t reservedBytes;
  std::uint64_t usedBytes;

  std::uint64_t freeBytes() const { return totalBytes - reservedBytes - usedBytes; }
};

/// What a GPU or instance uses: its own base and what its processes hold, never more than there is.
std::optional<Usage> usageOf(const Call& call) {
  Usage usage{};
  if (call.mig != nullptr) {
    usage = {call.mig->memoryTotalBytes, call.mig->memoryReservedBytes, call.mig->memoryUsedBytes};
  } else {
    const auto total = call.gpu.attributes.number(Attribute::memoryTotalBytes);
    if (!total) return std::nullopt;
    usage = {*total, call.gpu.attributes.number(Attribute::memoryReservedBytes).value_or(0),
             call.gpu.attributes.number(Attribute::memoryUsedBytes).value_or(0)};
  }
  for (const Process& process : call.gpu.processes) {
    // Memory belongs to the GPU instance: its compute instances share it and report the same.
    const bool here = call.mig == nullptr || process.gpuInstance == call.mig->gpuInstance;
    if (here) usage.usedBytes += process.usedBytes.value_or(0);
  }
  const std::uint64_t room = usage.totalBytes - usage.reservedBytes;
  if (usage.usedBytes > room) usage.usedBytes = room;
  return usage;
}

}  // namespace

NVML_API Return nvmlDeviceGetMemoryInfo_v2(DeviceHandle device, MemoryV2* memory) {
  return onDevice(__func__, device, Accepts::Both, [&](const Call& call) {
    if (memory == nullptr) return kInvalidArgument;
    // The driver takes the bare number too.
    if (memory->version != versionWord<MemoryV2>(2) && memory->version != 2) return kVersionMismatch;
    const auto usage = usageOf(call);
    if (!usage) return kNotSupported;
    memory->total = usage->totalBytes;
    memory->reserved = usage->reservedBytes;
    memory->used = usage->usedBytes;
    memory->free = usage->freeBytes();
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetMemoryInfo(DeviceHandle device, Memory* memory) {
  return onDevice(__func__, device, Accepts::Both, [&](const Call& call) {
    if (memory == nullptr) return kInvalidArgument;
    const auto usage = usageOf(call);
    if (!usage) return kNotSupported;
    // The first version counts what the driver reserved as used.
    *memory = {usage->totalBytes, usage->freeBytes(), usage->reservedBytes + usage->usedBytes};
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetBAR1MemoryInfo(DeviceHandle device, Memory* bar1) {
  return onDevice(__func__, device, Accepts::Both, [&](const Call& call) {
    if (bar1 == nullptr) return kInvalidArgument;
    if (call.mig != nullptr) {
      const MigInstance& mig = *call.mig;
      *bar1 = {mig.bar1TotalBytes, mig.bar1TotalBytes - mig.bar1UsedBytes, mig.bar1UsedBytes};
      return kSuccess;
    }
    const auto total = call.gpu.attributes.number(Attribute::bar1TotalBytes);
    const auto used = call.gpu.attributes.number(Attribute::bar1UsedBytes);
    if (!total || !used) return kNotSupported;
    *bar1 = {*total, *total - *used, *used};
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetMemoryBusWidth(DeviceHandle device, unsigned* bits) {
  return onDevice(__func__, device, Accepts::WholeGpus,
                  [&](const Call& call) { return call.give(bits, Attribute::memoryBusWidthBits); });
}
