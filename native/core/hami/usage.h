#pragma once
// What one usage file says, after checking. Everything here is the container's own claim: the file is writable by it.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/hami/layout.h"

namespace gna::hami {

inline constexpr std::uint32_t kMaxListedProcesses = 64;
inline constexpr std::uint32_t kMaxListedCells = 256;  // (process, device) pairs of one file
inline constexpr std::uint64_t kUuidTextBytes = 40;    // "GPU-" or "MIG-" + 36

/// Bits of `DeviceUsage::flags`.
enum DeviceFlag : std::uint32_t {
  kUsageImplausible = 1u << 0,           // used, context, module or buffer sum ≥ 2^63: a counter fell below zero
  kDriverReportedImplausible = 1u << 1,  // the same for the driver-reported sum
  kUtilizationImplausible = 1u << 2,     // a process claims more than 100 %
  kLimitImplausible = 1u << 3,           // limit ≥ 2^63
  kProcessImplausible = 1u << 4,         // some process's own value ≥ 2^63, even if the sum looks harmless again
};

/// Sums over the counted processes (status ≠ 0) on one device, modulo 2^64 as the writers add. Raw: look at
/// `plausible()` before using one.
struct DeviceUsage {
  std::uint32_t index = 0;  // position in the container's own NVML enumeration
  std::uint32_t flags = 0;
  std::array<char, kUuidTextBytes> uuid{};
  std::uint64_t usedBytes = 0;  // context + counted allocations
  std::uint64_t contextBytes = 0;
  std::uint64_t moduleBytes = 0;
  std::uint64_t bufferBytes = 0;
  std::uint64_t driverReportedBytes = 0;       // what NVML said for those host PIDs, as the container wrote it down
  std::uint64_t limitBytes = 0;                // meaningful when memoryLimited()
  std::uint64_t smLimitPercent = 0;            // meaningful when smLimited()
  std::optional<std::uint64_t> smUtilPercent;  // sum over processes, may exceed 100; absent in pre-v0

  std::string_view uuidText() const { return {uuid.data(), uuid.size()}; }
  bool plausible() const { return (flags & kUsageImplausible) == 0; }
  bool memoryLimited() const { return limitBytes != 0; }
  bool smLimited() const { return smLimitPercent != 0 && smLimitPercent < 100; }
  /// Used minus the three named kinds, modulo 2^64 as the original monitor computes it.
  std::uint64_t restBytes() const { return usedBytes - contextBytes - moduleBytes - bufferBytes; }
};

/// One process on one device; only pairs with any value other than zero are kept.
struct ProcessCell {
  std::uint32_t deviceIndex = 0;
  std::uint64_t usedBytes = 0;
  std::uint64_t driverReportedBytes = 0;
  std::optional<std::uint32_t> smUtilPercent;  // absent in pre-v0; values above 2^32−1 are held there
};

/// One counted process. Its cells are `FileUsage::cells[firstCell … firstCell + cellCount)`.
struct ProcessUsage {
  std::int32_t pid = 0;                 // container's PID namespace
  std::optional<std::int32_t> hostPid;  // absent: the library did not find it
  std::int32_t status = 0;              // 1 running, 2 suspended; others are the container's invention
  std::uint32_t firstCell = 0;
  std::uint32_t cellCount = 0;
};

/// Bits of `FileUsage::flags`.
enum FileFlag : std::uint32_t {
  kLayoutAssumed = 1u << 0,  // unknown 1.x version, read as 1.2
  kCountsClamped = 1u << 1,  // device_num or proc_num outside its range
  kTableLocked = 1u << 2,    // somebody held the region's lock: the slot table may have been mid-change
  kProcessListShortened = 1u << 3,
};

/// One usage file. Vectors are reused from read to read.
struct FileUsage {
  LayoutId layout = LayoutId::v1_2;
  std::uint32_t flags = 0;
  std::int32_t priority = 0;                           // 0 high, 1 low; any value is possible
  std::int32_t recentKernel = 0;                       // 2 after a launch, counted down by the monitor, −1 = blocked
  std::int32_t utilizationSwitch = 0;                  // 1 = SM limit applied
  std::optional<std::uint64_t> lastKernelUnixSeconds;  // absent: never written, or not in this layout
  std::uint32_t slotsTotal = 0;                        // slots in use, after clamping
  std::uint32_t slotsCounted = 0;                      // of those, status ≠ 0: what the sums are made of
  std::uint32_t slotsUnstable = 0;                     // still being written after several tries: best effort
  std::uint32_t devicesDropped = 0;                    // entries whose UUID is no UUID
  std::vector<DeviceUsage> devices;
  std::vector<ProcessUsage> processes;  // at most kMaxListedProcesses of the counted ones
  std::vector<ProcessCell> cells;

  /// Forgets everything but the vectors' memory.
  void reset();
};

}  // namespace gna::hami
