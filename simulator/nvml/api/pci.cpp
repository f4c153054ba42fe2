// PCI address, link, errors, throughput.
#include <time.h>

#include <cstdio>

#include "../call.h"

using namespace simulator;

namespace {

using enum Attribute;

/// Throughput is measured over a window in which the call blocks.
constexpr std::int64_t kThroughputWindowNanoseconds = 20'000'000;
constexpr std::int64_t kBytesPerKilobyte = 1000;
/// 3D controller: base class 3, sub class 2.
constexpr std::uint32_t kDisplayClass = 3;
constexpr std::uint32_t k3dController = 2;

struct Address {
  std::uint32_t domain;
  std::uint32_t bus;
  std::uint32_t device;
  std::uint32_t pciDeviceId;
  std::uint32_t pciSubsystemId;
};

Address addressOf(const Gpu& gpu) {
  const auto number = [&](Attribute attribute) {
    return static_cast<std::uint32_t>(gpu.attributes.number(attribute).value_or(0));
  };
  return {number(pciDomain), number(pciBus), number(pciDevice), number(Attribute::pciDeviceId),
          number(Attribute::pciSubsystemId)};
}

template <std::size_t Size>
void writeBusId(char (&out)[Size], const char* format, const Address& address) {
  std::snprintf(out, Size, format, address.domain, address.bus, address.device);
}

constexpr char kLongBusId[] = "%08X:%02X:%02X.0";
constexpr char kLegacyBusId[] = "%04X:%02X:%02X.0";

/// The older functions know only the short text.
Return givePciInfo(const char* function, DeviceHandle device, PciInfo* pci, bool withLongText) {
  return onDevice(function, device, Accepts::WholeGpus, [&](const Call& call) {
    if (pci == nullptr) return kInvalidArgument;
    const Address address = addressOf(call.gpu);
    pci->domain = address.domain;
    pci->bus = address.bus;
    pci->device = address.device;
    pci->pciDeviceId = address.pciDeviceId;
    pci->pciSubSystemId = address.pciSubsystemId;
    writeBusId(pci->busIdLegacy, kLegacyBusId, address);
    if (withLongText) writeBusId(pci->busId, kLongBusId, address);
    return kSuccess;
  });
}

template <class Out>
Return giveNumber(const char* function, DeviceHandle device, Out* out, Attribute attribute) {
  return onDevice(function, device, Accepts::WholeGpus, [&](const Call& call) { return call.give(out, attribute); });
}

/// Megabits per second of one lane by generation, before the encoding; 0 where there is none.
std::uint32_t laneSpeed(std::uint64_t generation) {
  switch (generation) {
    case 1: return 2500;
    case 2: return 5000;
    case 3: return 8000;
    case 4: return 16000;
    case 5: return 32000;
    case 6: return 64000;
    default: return 0;
  }
}

}  // namespace

NVML_API Return nvmlDeviceGetPciInfo_v3(DeviceHandle device, PciInfo* pci) {
  return givePciInfo(__func__, device, pci, true);
}
NVML_API Return nvmlDeviceGetPciInfo_v2(DeviceHandle device, PciInfo* pci) {
  return givePciInfo(__func__, device, pci, false);
}
NVML_API Return nvmlDeviceGetPciInfo(DeviceHandle device, PciInfo* pci) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (pci == nullptr) return kInvalidArgument;
    // The first version's struct ends after the device id and four reserved words; it has no subsystem id.
    const Address address = addressOf(call.gpu);
    pci->domain = address.domain;
    pci->bus = address.bus;
    pci->device = address.device;
    pci->pciDeviceId = address.pciDeviceId;
    writeBusId(pci->busIdLegacy, kLegacyBusId, address);
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetPciInfoExt(DeviceHandle device, PciInfoExt* pci) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (pci == nullptr) return kInvalidArgument;
    if (pci->version != versionWord<PciInfoExt>(1)) return kVersionMismatch;
    const Address address = addressOf(call.gpu);
    pci->domain = address.domain;
    pci->bus = address.bus;
    pci->device = address.device;
    pci->pciDeviceId = address.pciDeviceId;
    pci->pciSubSystemId = address.pciSubsystemId;
    pci->baseClass = kDisplayClass;
    pci->subClass = k3dController;
    writeBusId(pci->busId, kLongBusId, address);
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetCurrPcieLinkGeneration(DeviceHandle device, unsigned* generation) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    return Call::give(generation, call.gpu.idleOrBusy(pcieGenerationIdle, pcieGenerationBusy, call.monotonic()));
  });
}
NVML_API Return nvmlDeviceGetCurrPcieLinkWidth(DeviceHandle device, unsigned* width) {
  return giveNumber(__func__, device, width, pcieWidth);
}
NVML_API Return nvmlDeviceGetMaxPcieLinkGeneration(DeviceHandle device, unsigned* generation) {
  return giveNumber(__func__, device, generation, pcieGenerationMax);
}
NVML_API Return nvmlDeviceGetGpuMaxPcieLinkGeneration(DeviceHandle device, unsigned* generation) {
  return giveNumber(__func__, device, generation, pcieGenerationGpuMax);
}
NVML_API Return nvmlDeviceGetMaxPcieLinkWidth(DeviceHandle device, unsigned* width) {
  return giveNumber(__func__, device, width, pcieWidthMax);
}
NVML_API Return nvmlDeviceGetPcieReplayCounter(DeviceHandle device, unsigned* replays) {
  return giveNumber(__func__, device, replays, pcieReplays);
}

NVML_API Return nvmlDeviceGetPcieSpeed(DeviceHandle device, unsigned* megabitsPerSecond) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    const auto generation = call.gpu.idleOrBusy(pcieGenerationIdle, pcieGenerationBusy, call.monotonic());
    if (!generation || laneSpeed(*generation) == 0) return Call::give(megabitsPerSecond, std::optional<unsigned>{});
    return Call::give(megabitsPerSecond, std::optional(laneSpeed(*generation)));
  });
}

NVML_API Return nvmlDeviceGetPcieLinkMaxSpeed(DeviceHandle device, unsigned* speed) {
  // The enumeration of speeds counts as the generations do.
  return giveNumber(__func__, device, speed, pcieGenerationMax);
}

NVML_API Return nvmlDeviceGetPcieThroughput(DeviceHandle device, unsigned counter, unsigned* kilobytesPerSecond) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (kilobytesPerSecond == nullptr || counter > 1) return kInvalidArgument;
    const auto rate = call.gpu.attributes.number(counter == 0 ? pcieTransmitFullLoadBytesPerSecond
                                                              : pcieReceiveFullLoadBytesPerSecond);
    if (!rate) return kNotSupported;
    const timespec window{0, kThroughputWindowNanoseconds};
    nanosleep(&window, nullptr);
    const auto percent = static_cast<std::uint64_t>(call.gpu.load.percentAt(call.monotonic()));
    *kilobytesPerSecond = static_cast<unsigned>(*rate * percent / 100 / kBytesPerKilobyte);
    return kSuccess;
  });
}
