#include <charconv>
#include <cstdio>
#include <cstring>

#include "core/nvml/gather.h"

namespace gna::nvml {

namespace {

// A text of the record from a local buffer. A passing error keeps what was known, "not supported" clears it. A text
// that is not terminated is cut, never read past.
template <std::size_t N>
void keep(char (&to)[N], const char* from, Return code) {
  if (code == kSuccess)
    std::snprintf(to, N, "%.*s", static_cast<int>(N - 1), from);
  else if (isUnsupported(code))
    to[0] = 0;
}

// Domain, bus and device from a text such as 0000:3B:00.0; false when it is none.
bool addressFromText(PciInfo& pci) {
  const char* at = pci.busIdLegacy;
  const char* const end = at + strnlen(pci.busIdLegacy, sizeof pci.busIdLegacy);
  const auto part = [&](std::uint32_t& to, char terminator) {
    const auto [next, error] = std::from_chars(at, end, to, 16);
    if (error != std::errc{} || next == end || *next != terminator) return false;
    at = next + 1;
    return true;
  };
  return part(pci.domain, ':') && part(pci.bus, ':') && part(pci.device, '.');
}

}  // namespace

void Gather::identity() {
  shm::GpuFixed& r = g.record_;
  char buffer[128];
  auto text = [&](Call id, auto& to, std::uint32_t size) {
    buffer[0] = 0;
    const Return code = call(id, g.handle_, static_cast<char*>(buffer), size);
    buffer[sizeof buffer - 1] = 0;
    keep(to, buffer, code);
    noteIdentity(code);
  };
  text(Call::DeviceGetUUID, r.uuid, kDeviceUuidV2BufferSize);
  text(Call::DeviceGetName, r.name, kDeviceNameV2BufferSize);
  text(Call::DeviceGetSerial, r.serial, kDeviceSerialBufferSize);
  text(Call::DeviceGetVbiosVersion, r.vbios_version, kDeviceVbiosVersionBufferSize);
  text(Call::DeviceGetBoardPartNumber, r.board_part_number, kDevicePartNumberBufferSize);
  text(Call::DeviceGetInforomImageVersion, r.inforom_image_version, kDeviceInforomVersionBufferSize);
  buffer[0] = 0;
  const Return gsp = call(Call::DeviceGetGspFirmwareVersion, g.handle_, static_cast<char*>(buffer));
  buffer[sizeof buffer - 1] = 0;
  keep(r.gsp_firmware_version, buffer, gsp);
  noteIdentity(gsp);

  auto pci = unwritten<PciInfo>();
  Return code = call(Call::DeviceGetPciInfo_v3, g.handle_, &pci);
  const Return newest = code;
  const std::uint32_t deviceId = pci.pciDeviceId, subSystemId = pci.pciSubSystemId;
  const bool full = code == kSuccess && !std::isinf(numberOf(pci.domain));
  if (!full) pci = {};
  if (isOlderDriver(code)) code = call(Call::DeviceGetPciInfo_v2, g.handle_, &pci);
  if (isOlderDriver(code)) code = call(Call::DeviceGetPciInfo, g.handle_, &pci);
  noteIdentity(code);
  // Older versions are sure to fill only the short text (nvml.md §1.1): without it the address stays unknown.
  if (code == kSuccess && (full || addressFromText(pci))) {
    // sysfs form: four-digit domain, lower case, with the function (NVML's texts differ in both). A GPU is function 0.
    std::snprintf(r.pci_bus_id, sizeof r.pci_bus_id, "%04x:%02x:%02x.0", pci.domain, pci.bus, pci.device);
    r.placed_by_order = 0;
  }
  store(Reading::pci_device_id, newest, deviceId);
  store(Reading::pci_subsystem_id, newest, subSystemId);

  auto major = unwritten<std::uint32_t>(), minor = major;
  code = call(Call::DeviceGetCudaComputeCapability, g.handle_, &major, &minor);
  store(Reading::compute_capability_major, code, major);
  store(Reading::compute_capability_minor, code, minor);

  auto lowest = unwritten<std::uint32_t>(), highest = lowest;
  code = call(Call::DeviceGetPowerManagementLimitConstraints, g.handle_, &lowest, &highest);
  store(Reading::power_limit_min_watts, code, kMilli(lowest));
  store(Reading::power_limit_max_watts, code, kMilli(highest));

  auto current = unwritten<std::uint32_t>(), pending = current;
  code = call(Call::DeviceGetEccMode, g.handle_, &current, &pending);
  store(Reading::ecc_mode_enabled, code, current, 1);
  store(Reading::ecc_mode_pending, code, pending, 1);
}

}  // namespace gna::nvml
