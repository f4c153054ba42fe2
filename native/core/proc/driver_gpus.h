#pragma once
// Which GPUs the kernel driver has, as /proc/driver/nvidia/gpus lists them: one folder per GPU, named by its PCI
// address. Listing the folders asks no GPU anything. Reading a GPU's `information` file enters the driver.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gna::proc {

/// Address of a PCI function. Ordered as NVML orders its indexes.
struct PciAddress {
  std::uint32_t domain = 0, bus = 0, device = 0, function = 0;
  bool operator==(const PciAddress&) const = default;
  bool operator<(const PciAddress& other) const { return number() < other.number(); }

  /// sysfs form: `0000:41:00.0`, lower case, the domain with four digits or as many as it needs.
  std::string text() const;

 private:
  std::uint64_t number() const {
    return std::uint64_t{domain} << 24 | std::uint64_t{bus} << 16 | std::uint64_t{device} << 8 | function;
  }
};

/// Reads `0000:41:00.0`, with a domain of four to eight digits, in either case. Nothing for any other text.
std::optional<PciAddress> parsePciAddress(std::string_view text);

/// Addresses in `<procfs>/driver/nvidia/gpus`, ascending. Nothing when the folder cannot be read: no driver, or a
/// container that does not see it.
std::optional<std::vector<PciAddress>> listDriverGpus(const std::string& procfs);

/// What the kernel driver says of one GPU.
struct DriverGpuInformation {
  std::string uuid;       // empty when the driver does not know it, which it writes as question marks
  bool excluded = false;  // left out by a module option: NVML does not count it
};

/// Reads `<procfs>/driver/nvidia/gpus/<address>/information`. Nothing when it cannot be read. May sleep like a call.
std::optional<DriverGpuInformation> readDriverGpu(const std::string& procfs, const PciAddress& address);

}  // namespace gna::proc
