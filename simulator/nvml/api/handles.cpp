// From an index, a UUID or a PCI address to a handle.
#include <cctype>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>

#include "../call.h"

using namespace simulator;

namespace {

Return giveCount(const char* function, unsigned* count) {
  return onNode(function, [&](const View& view) {
    if (count == nullptr) return kInvalidArgument;
    *count = static_cast<unsigned>(view.enumerated().size());
    return kSuccess;
  });
}

/// Handle of a whole GPU; its device node is opened by this, as by the driver when init did not attach it.
Return giveGpu(Library& library, const View& view, std::uint32_t index, DeviceHandle* device) {
  const Gpu& gpu = view.gpus[index];
  if (gpu.lost) return kGpuIsLost;
  const Return attached = library.attach(index, gpu.attributes.number(Attribute::minorNumber).value_or(index));
  if (attached == kSuccess) *device = encodeHandle({index, 0, library.generation()});
  return attached;
}

/// Runs a lookup. Faults of one GPU strike a lookup of that GPU, so which one it is comes before everything else.
/// `absent`: what it answers when there is no such GPU.
template <class Find>
Return lookUp(const char* function, DeviceHandle* device, Find find, Return absent = kNotFound) {
  Library& library = Library::instance();
  const Library::CallInFlight inFlight(library);
  if (!library.hasNode()) return kUninitialized;
  const std::optional<HandleParts> before = find(*library.view());
  const Return outcome = sufferFaults(library, function, before ? static_cast<std::int32_t>(before->gpu) : -1);
  if (outcome != kSuccess) return outcome;
  const auto view = library.view();
  const Return ready = library.readiness(*view);
  if (ready != kSuccess) return ready;
  if (device == nullptr) return kInvalidArgument;
  const std::optional<HandleParts> found = find(*view);
  if (!found) return absent;
  const Return given = giveGpu(library, *view, found->gpu, device);
  if (given == kSuccess && found->migCreation != 0) {
    *device = encodeHandle({found->gpu, found->migCreation, library.generation()});
  }
  return given;
}

Return byIndex(const char* function, unsigned index, DeviceHandle* device) {
  const auto find = [&](const View& view) {
    const std::vector<std::uint32_t> gpus = view.enumerated();
    return index < gpus.size() ? std::optional(HandleParts{gpus[index], 0, 0}) : std::nullopt;
  };
  return lookUp(function, device, find, kInvalidArgument);
}

Return byUuid(const char* function, const char* uuid, DeviceHandle* device) {
  if (uuid == nullptr) return kInvalidArgument;
  return lookUp(function, device, [&](const View& view) -> std::optional<HandleParts> {
    for (const std::uint32_t gpu : view.enumerated()) {
      const char* text = view.gpus[gpu].attributes.text(Attribute::uuid);
      if (text != nullptr && std::strcmp(text, uuid) == 0) return HandleParts{gpu, 0, 0};
      for (const auto& slot : view.gpus[gpu].migInstances) {
        if (slot && std::strcmp(slot->uuid, uuid) == 0) return HandleParts{gpu, slot->creation, 0};
      }
    }
    return std::nullopt;
  });
}

struct PciAddress {
  std::uint64_t domain;
  std::uint64_t bus;
  std::uint64_t device;
};

/// `domain:bus:device.function`, `bus:device.function` or without function, hexadecimal.
std::optional<PciAddress> parsePciAddress(std::string_view text) {
  std::uint64_t parts[3] = {};
  int count = 0;
  const char* place = text.data();
  const char* const end = place + text.size();
  while (count < 3) {
    const auto [next, error] = std::from_chars(place, end, parts[count], 16);
    if (error != std::errc{}) return std::nullopt;
    ++count;
    place = next;
    if (place == end || *place == '.') break;
    if (*place != ':') return std::nullopt;
    ++place;
  }
  if (place != end && std::string_view(place, static_cast<std::size_t>(end - place)) != ".0") return std::nullopt;
  if (count == 3) return PciAddress{parts[0], parts[1], parts[2]};
  if (count == 2) return PciAddress{0, parts[0], parts[1]};
  return std::nullopt;
}

Return byPciBusId(const char* function, const char* busId, DeviceHandle* device) {
  if (busId == nullptr) return kInvalidArgument;
  const auto address = parsePciAddress(busId);
  if (!address) return kInvalidArgument;
  return lookUp(function, device, [&](const View& view) -> std::optional<HandleParts> {
    for (const std::uint32_t gpu : view.enumerated()) {
      const AttributeTable& attributes = view.gpus[gpu].attributes;
      if (attributes.number(Attribute::pciDomain) == address->domain &&
          attributes.number(Attribute::pciBus) == address->bus &&
          attributes.number(Attribute::pciDevice) == address->device) {
        return HandleParts{gpu, 0, 0};
      }
    }
    return std::nullopt;
  });
}

/// Text of a UUID in its 16-byte form.
std::string textOfBinaryUuid(const char* prefix, const char* bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text = prefix;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 0xFU];
  }
  return text;
}

}  // namespace

NVML_API Return nvmlDeviceGetCount_v2(unsigned* count) { return giveCount(__func__, count); }
NVML_API Return nvmlDeviceGetCount(unsigned* count) { return giveCount(__func__, count); }

NVML_API Return nvmlDeviceGetHandleByIndex_v2(unsigned index, DeviceHandle* device) {
  return byIndex(__func__, index, device);
}
NVML_API Return nvmlDeviceGetHandleByIndex(unsigned index, DeviceHandle* device) {
  return byIndex(__func__, index, device);
}
NVML_API Return nvmlDeviceGetHandleByUUID(const char* uuid, DeviceHandle* device) {
  return byUuid(__func__, uuid, device);
}
NVML_API Return nvmlDeviceGetHandleByUUIDV(const Uuid* uuid, DeviceHandle* device) {
  if (uuid == nullptr) return kInvalidArgument;
  if (uuid->version != versionWord<Uuid>(1)) return kVersionMismatch;
  if (uuid->type == 1) return byUuid(__func__, std::string(uuid->value, strnlen(uuid->value, 41)).c_str(), device);
  if (uuid->type != 2) return kInvalidArgument;
  const Return whole = byUuid(__func__, textOfBinaryUuid("GPU-", uuid->value).c_str(), device);
  return whole == kNotFound ? byUuid(__func__, textOfBinaryUuid("MIG-", uuid->value).c_str(), device) : whole;
}
NVML_API Return nvmlDeviceGetHandleByPciBusId_v2(const char* busId, DeviceHandle* device) {
  return byPciBusId(__func__, busId, device);
}
NVML_API Return nvmlDeviceGetHandleByPciBusId(const char* busId, DeviceHandle* device) {
  return byPciBusId(__func__, busId, device);
}
NVML_API Return nvmlDeviceGetHandleBySerial(const char* serial, DeviceHandle* device) {
  if (serial == nullptr) return kInvalidArgument;
  return lookUp(__func__, device, [&](const View& view) -> std::optional<HandleParts> {
    for (const std::uint32_t gpu : view.enumerated()) {
      const char* text = view.gpus[gpu].attributes.text(Attribute::serial);
      if (text != nullptr && std::strcmp(text, serial) == 0) return HandleParts{gpu, 0, 0};
    }
    return std::nullopt;
  });
}
