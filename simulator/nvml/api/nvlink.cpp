// NVLinks and the fabric they make.
#include <array>
#include <cstdio>
#include <cstring>

#include "../branch.h"
#include "../call.h"
#include "../nvlinks.h"

using namespace simulator;

namespace {

using enum Attribute;

/// Fabric state and its UUID as bytes; false where the GPU has no fabric.
bool readFabric(const Gpu& gpu, FabricInfoV3& fabric) {
  const auto state = gpu.attributes.number(fabricState);
  if (!state) return false;
  const auto number = [&](Attribute attribute) { return gpu.attributes.number(attribute).value_or(0); };
  fabric.state = static_cast<std::uint8_t>(*state);
  fabric.status = static_cast<Return>(number(fabricStatus));
  fabric.cliqueId = static_cast<std::uint32_t>(number(fabricCliqueId));
  fabric.healthMask = static_cast<std::uint32_t>(number(fabricHealthMask));
  fabric.healthSummary = static_cast<std::uint8_t>(number(fabricHealthSummary));
  std::memset(fabric.clusterUuid, 0, sizeof fabric.clusterUuid);
  const char* text = gpu.attributes.text(fabricClusterUuid);
  for (std::size_t digit = 0; text != nullptr && *text != '\0' && digit < 2 * sizeof fabric.clusterUuid; ++text) {
    if (*text == '-') continue;
    const int value = *text <= '9' ? *text - '0' : (*text | 0x20) - 'a' + 10;
    fabric.clusterUuid[digit / 2] |= static_cast<std::uint8_t>(digit % 2 == 0 ? value << 4 : value);
    ++digit;
  }
  return true;
}

/// First CUDA version whose driver knows the third version of the fabric struct.
constexpr int kFabricV3SinceCuda = 13000;

}  // namespace

NVML_API Return nvmlDeviceGetNvLinkState(DeviceHandle device, unsigned link, unsigned* isActive) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (isActive == nullptr) return kInvalidArgument;
    const Return checked = checkLink(call.gpu, link);
    if (checked == kSuccess) *isActive = isLinkActive(call.gpu, link) ? 1 : 0;
    return checked;
  });
}

NVML_API Return nvmlDeviceGetNvLinkVersion(DeviceHandle device, unsigned link, unsigned* version) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    const Return checked = checkLink(call.gpu, link);
    return checked == kSuccess ? call.give(version, nvlinkVersion) : checked;
  });
}

NVML_API Return nvmlDeviceGetNvLinkRemoteDeviceType(DeviceHandle device, unsigned link, unsigned* type) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    const Return checked = checkLink(call.gpu, link);
    return checked == kSuccess ? call.give(type, nvlinkRemoteType) : checked;
  });
}

NVML_API Return nvmlDeviceGetNvLinkRemotePciInfo_v2(DeviceHandle device, unsigned link, PciInfo* pci) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (pci == nullptr) return kInvalidArgument;
    const Return checked = checkLink(call.gpu, link);
    if (checked != kSuccess) return checked;
    const auto bus = call.gpu.attributes.number(nvlinkRemoteBus);
    if (!bus || !isLinkActive(call.gpu, link)) return kNotSupported;
    std::memset(pci, 0, sizeof *pci);
    pci->bus = static_cast<std::uint32_t>(*bus + link) & 0xFFU;
    pci->pciDeviceId = static_cast<std::uint32_t>(call.gpu.attributes.number(nvlinkRemoteDeviceId).value_or(0));
    std::snprintf(pci->busIdLegacy, sizeof pci->busIdLegacy, "0000:%02X:00.0", pci->bus);
    std::snprintf(pci->busId, sizeof pci->busId, "00000000:%02X:00.0", pci->bus);
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetNvLinkErrorCounter(DeviceHandle device, unsigned link, unsigned counter,
                                                unsigned long long* value) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    constexpr std::array kCounters = {nvlinkReplayErrors, nvlinkRecoveryErrors, nvlinkCrcErrors, nvlinkCrcDataErrors,
                                      nvlinkEccDataErrors};
    if (counter >= kCounters.size()) return kInvalidArgument;
    const Return checked = checkLink(call.gpu, link);
    if (checked != kSuccess) return checked;
    return Call::give(value, linkCounter(call.gpu, kCounters[counter], link, call.monotonic()));
  });
}

NVML_API Return nvmlDeviceGetGpuFabricInfo(DeviceHandle device, FabricInfo* info) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (info == nullptr) return kInvalidArgument;
    FabricInfoV3 fabric{};
    if (!readFabric(call.gpu, fabric)) return kNotSupported;
    std::memcpy(info->clusterUuid, fabric.clusterUuid, sizeof fabric.clusterUuid);
    info->status = fabric.status;
    info->cliqueId = fabric.cliqueId;
    info->state = fabric.state;
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetGpuFabricInfoV(DeviceHandle device, FabricInfoV2* info) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (info == nullptr) return kInvalidArgument;
    const bool third = info->version == versionWord<FabricInfoV3>(3) && kBranch.cudaVersion >= kFabricV3SinceCuda;
    if (!third && info->version != versionWord<FabricInfoV2>(2)) return kVersionMismatch;
    FabricInfoV3 fabric{};
    if (!readFabric(call.gpu, fabric)) return kNotSupported;
    fabric.version = info->version;
    // The second version is the third without its last member.
    std::memcpy(static_cast<void*>(info), &fabric, third ? sizeof(FabricInfoV3) : sizeof(FabricInfoV2));
    return kSuccess;
  });
}
