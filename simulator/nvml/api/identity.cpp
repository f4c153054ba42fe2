// What a GPU is: names, versions, modes.
#include <algorithm>
#include <string>

#include "../branch.h"
#include "../call.h"

using namespace simulator;

namespace {

/// A number that a whole GPU has.
template <class Out>
Return giveNumber(const char* function, DeviceHandle device, Out* out, Attribute attribute) {
  return onDevice(function, device, Accepts::WholeGpus, [&](const Call& call) { return call.give(out, attribute); });
}

/// A text that a whole GPU has.
Return giveText(const char* function, DeviceHandle device, char* out, unsigned length, Attribute attribute) {
  return onDevice(function, device, Accepts::WholeGpus,
                  [&](const Call& call) { return simulator::giveText(out, length, call, attribute); });
}

constexpr unsigned kGspVersionBytes = 64;

}  // namespace

NVML_API Return nvmlDeviceGetIndex(DeviceHandle device, unsigned* index) {
  return onDevice(__func__, device, Accepts::Both, [&](const Call& call) {
    if (index == nullptr) return kInvalidArgument;
    const std::vector<std::uint32_t> gpus = call.view.enumerated();
    *index = static_cast<unsigned>(std::ranges::find(gpus, call.gpuIndex) - gpus.begin());
    if (call.mig == nullptr) return kSuccess;
    for (unsigned slot = 0; slot < call.gpu.migInstances.size(); ++slot) {
      const auto& instance = call.gpu.migInstances[slot];
      if (instance && instance->creation == call.mig->creation) *index = slot;
    }
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetMinorNumber(DeviceHandle device, unsigned* minorNumber) {
  return giveNumber(__func__, device, minorNumber, Attribute::minorNumber);
}

NVML_API Return nvmlDeviceGetUUID(DeviceHandle device, char* uuid, unsigned length) {
  return onDevice(__func__, device, Accepts::Both, [&](const Call& call) {
    if (call.mig != nullptr) return giveText(uuid, length, call.mig->uuid);
    return giveText(uuid, length, call, Attribute::uuid);
  });
}

NVML_API Return nvmlDeviceGetName(DeviceHandle device, char* name, unsigned length) {
  return onDevice(__func__, device, Accepts::Both, [&](const Call& call) {
    if (call.mig == nullptr) return giveText(name, length, call, Attribute::name);
    const char* whole = call.gpu.attributes.text(Attribute::name);
    return giveText(name, length, std::string(whole == nullptr ? "" : whole) + " MIG " + call.mig->profile);
  });
}

NVML_API Return nvmlDeviceGetBrand(DeviceHandle device, unsigned* brand) {
  return giveNumber(__func__, device, brand, Attribute::brand);
}

NVML_API Return nvmlDeviceGetArchitecture(DeviceHandle device, unsigned* architecture) {
  return giveNumber(__func__, device, architecture, Attribute::architecture);
}

NVML_API Return nvmlDeviceGetCudaComputeCapability(DeviceHandle device, int* major, int* minor) {
  return onDevice(__func__, device, Accepts::Both, [&](const Call& call) {
    if (major == nullptr || minor == nullptr) return kInvalidArgument;
    const Return given = call.give(major, Attribute::computeCapabilityMajor);
    return given == kSuccess ? call.give(minor, Attribute::computeCapabilityMinor) : given;
  });
}

NVML_API Return nvmlDeviceGetNumGpuCores(DeviceHandle device, unsigned* cores) {
  return giveNumber(__func__, device, cores, Attribute::cudaCores);
}

NVML_API Return nvmlDeviceGetSerial(DeviceHandle device, char* serial, unsigned length) {
  return giveText(__func__, device, serial, length, Attribute::serial);
}

NVML_API Return nvmlDeviceGetBoardId(DeviceHandle device, unsigned* boardId) {
  return giveNumber(__func__, device, boardId, Attribute::boardId);
}

NVML_API Return nvmlDeviceGetBoardPartNumber(DeviceHandle device, char* partNumber, unsigned length) {
  return giveText(__func__, device, partNumber, length, Attribute::boardPartNumber);
}

NVML_API Return nvmlDeviceGetModuleId(DeviceHandle device, unsigned* moduleId) {
  return giveNumber(__func__, device, moduleId, Attribute::moduleId);
}

NVML_API Return nvmlDeviceGetVbiosVersion(DeviceHandle device, char* version, unsigned length) {
  return giveText(__func__, device, version, length, Attribute::vbiosVersion);
}

NVML_API Return nvmlDeviceGetInforomImageVersion(DeviceHandle device, char* version, unsigned length) {
  return giveText(__func__, device, version, length, Attribute::inforomImageVersion);
}

NVML_API Return nvmlDeviceGetInforomVersion(DeviceHandle device, unsigned object, char* version, unsigned length) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    switch (object) {
      case 0: return giveText(version, length, call, Attribute::inforomOemVersion);
      case 1: return giveText(version, length, call, Attribute::inforomEccVersion);
      case 2: return giveText(version, length, call, Attribute::inforomPowerVersion);
      case 3: return kNotSupported;
      default: return kInvalidArgument;
    }
  });
}

NVML_API Return nvmlDeviceGetGspFirmwareVersion(DeviceHandle device, char* version) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (version == nullptr) return kInvalidArgument;
    if (call.gpu.attributes.number(Attribute::gspFirmware) != 1) return kNotSupported;
    return giveText(version, kGspVersionBytes, kBranch.driverVersion);
  });
}

NVML_API Return nvmlDeviceGetGspFirmwareMode(DeviceHandle device, unsigned* isEnabled, unsigned* defaultMode) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (isEnabled == nullptr || defaultMode == nullptr) return kInvalidArgument;
    const Return given = call.give(isEnabled, Attribute::gspFirmware);
    if (given == kSuccess) *defaultMode = 1;
    return given;
  });
}

NVML_API Return nvmlDeviceGetPersistenceMode(DeviceHandle device, unsigned* mode) {
  return giveNumber(__func__, device, mode, Attribute::persistenceMode);
}

NVML_API Return nvmlDeviceGetComputeMode(DeviceHandle device, unsigned* mode) {
  return onDevice(__func__, device, Accepts::Both,
                  [&](const Call& call) { return call.give(mode, Attribute::computeMode); });
}

NVML_API Return nvmlDeviceGetDisplayActive(DeviceHandle device, unsigned* isActive) {
  return giveNumber(__func__, device, isActive, Attribute::displayActive);
}

NVML_API Return nvmlDeviceGetAccountingMode(DeviceHandle device, unsigned* mode) {
  return giveNumber(__func__, device, mode, Attribute::accountingMode);
}

NVML_API Return nvmlDeviceGetVirtualizationMode(DeviceHandle device, unsigned* mode) {
  return giveNumber(__func__, device, mode, Attribute::virtualizationMode);
}
