// Where a GPU sits in its rack, and how it shares memory with the CPU.
#include <algorithm>
#include <cstring>
#include <string_view>

#include "../call.h"

using namespace simulator;

namespace {

using enum Attribute;

/// Two hexadecimal digits a byte; what is missing is 0.
void writeGuid(std::uint8_t (&out)[16], std::string_view digits) {
  std::memset(out, 0, sizeof out);
  for (std::size_t i = 0; i < std::min(digits.size(), 2 * sizeof out); ++i) {
    const char digit = digits[i];
    const int value = digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
    out[i / 2] |= static_cast<std::uint8_t>(i % 2 == 0 ? value << 4 : value);
  }
}

}  // namespace

NVML_API Return nvmlDeviceGetPlatformInfo(DeviceHandle device, PlatformInfo* info) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (info == nullptr) return kInvalidArgument;
    // The first form has the same members at the same places, under other names; go-nvml asks for it to this day.
    if (info->version != versionWord<PlatformInfo>(2) && info->version != versionWord<PlatformInfo>(1)) {
      return kVersionMismatch;
    }
    const char* serial = call.gpu.attributes.text(platformChassisSerial);
    if (serial == nullptr) return kNotSupported;
    const auto byte = [&](Attribute attribute) {
      return static_cast<std::uint8_t>(call.gpu.attributes.number(attribute).value_or(0));
    };
    const char* guid = call.gpu.attributes.text(platformInfinibandGuid);
    writeGuid(info->ibGuid, guid == nullptr ? "" : guid);
    std::memset(info->chassisSerialNumber, 0, sizeof info->chassisSerialNumber);
    std::memcpy(info->chassisSerialNumber, serial, std::min(std::strlen(serial), sizeof info->chassisSerialNumber));
    info->slotNumber = byte(platformSlot);
    info->trayIndex = byte(platformTray);
    info->hostId = byte(platformHostId);
    info->peerType = byte(platformPeerType);
    info->moduleId = byte(platformModuleId);
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetNumaNodeId(DeviceHandle device, unsigned* node) {
  return onDevice(__func__, device, Accepts::WholeGpus,
                  [&](const Call& call) { return call.give(node, memoryNumaNode); });
}

NVML_API Return nvmlDeviceGetAddressingMode(DeviceHandle device, AddressingMode* mode) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (mode == nullptr) return kInvalidArgument;
    if (mode->version != versionWord<AddressingMode>(1)) return kVersionMismatch;
    return call.give(&mode->value, addressingMode);
  });
}

NVML_API Return nvmlDeviceGetC2cModeInfoV(DeviceHandle device, C2cModeInfo* info) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    return info == nullptr ? kInvalidArgument : call.give(&info->isC2cEnabled, c2cMode);
  });
}
