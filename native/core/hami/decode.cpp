#include "core/hami/decode.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/hami/uuid_text.h"

namespace gna::hami {

namespace {

// Freeing with another device current subtracts from the wrong counter (HAMi-core behaviour, HAMi#1181): values near
// 2^64 are negative numbers. No card has 2^63 bytes.
constexpr std::uint64_t kImplausibleBytes = std::uint64_t{1} << 63;

template <typename T>
T valueAt(const std::byte* base, std::size_t offset) {
  T value;
  std::memcpy(&value, base + offset, sizeof value);
  return value;
}

// Takes the text of one UUID field when it is one and nothing stands behind it.
bool takeUuid(const std::byte* field, DeviceUsage& device) {
  std::memcpy(device.uuid.data(), field, kUuidTextBytes);
  return field[kUuidTextBytes] == std::byte{0} && isUuidText(device.uuidText());
}

}  // namespace

void FileUsage::reset() {
  std::vector<DeviceUsage> d = std::move(devices);
  std::vector<ProcessUsage> p = std::move(processes);
  std::vector<ProcessCell> c = std::move(cells);
  *this = FileUsage{};
  d.clear(), p.clear(), c.clear();
  devices = std::move(d), processes = std::move(p), cells = std::move(c);
}

Refusal decodeRegion(const Layout& l, bool assumed, const std::byte* header, const std::byte* tail, FileUsage& out) {
  out.layout = l.id;
  const auto claimedDevices = valueAt<std::uint64_t>(header, l.deviceNumAt);
  const auto claimedSlots = valueAt<std::int32_t>(tail, 0);
  const bool countsRight =
      claimedDevices <= kMaxDevices && claimedSlots >= 0 && claimedSlots <= static_cast<std::int32_t>(kMaxSlots);
  if (assumed && !countsRight) return Refusal::implausibleCounts;
  if (assumed) out.flags |= kLayoutAssumed;
  if (!countsRight) out.flags |= kCountsClamped;
  if (valueAt<std::uint64_t>(header, l.ownerPidAt) != 0) out.flags |= kTableLocked;

  const auto deviceCount = static_cast<std::uint32_t>(std::min<std::uint64_t>(claimedDevices, kMaxDevices));
  for (std::uint32_t i = 0; i < deviceCount; ++i) {
    const std::byte* field = header + l.uuidsAt + std::size_t{i} * kUuidFieldBytes;
    DeviceUsage device;
    device.index = i;
    if (!takeUuid(field, device)) {
      if (assumed) return Refusal::implausibleCounts;
      if (field[0] != std::byte{0}) ++out.devicesDropped;  // a zero first byte: entry not in use
      continue;
    }
    device.limitBytes = valueAt<std::uint64_t>(header, l.limitAt + i * 8);
    device.smLimitPercent = valueAt<std::uint64_t>(header, l.smLimitAt + i * 8);
    if (l.slotUtilAt) device.smUtilPercent = 0;
    out.devices.push_back(device);
  }

  const auto inTail = [&](std::uint32_t at) { return at - l.procNumAt; };
  out.slotsTotal = static_cast<std::uint32_t>(std::clamp<std::int32_t>(claimedSlots, 0, kMaxSlots));
  out.utilizationSwitch = valueAt<std::int32_t>(tail, inTail(l.utilizationSwitchAt));
  out.recentKernel = valueAt<std::int32_t>(tail, inTail(l.recentKernelAt));
  out.priority = valueAt<std::int32_t>(tail, inTail(l.priorityAt));
  if (l.lastKernelTimeAt) {
    const auto seconds = valueAt<std::uint64_t>(tail, inTail(*l.lastKernelTimeAt));
    if (seconds != 0) out.lastKernelUnixSeconds = seconds;
  }
  return Refusal::none;
}

void addSlot(const Layout& l, const std::byte* slot, FileUsage& out) {
  const auto status = valueAt<std::int32_t>(slot, l.slotStatusAt);
  if (status == 0) return;
  ++out.slotsCounted;

  ProcessUsage process{.pid = valueAt<std::int32_t>(slot, kSlotPidAt),
                       .hostPid = std::nullopt,
                       .status = status,
                       .firstCell = static_cast<std::uint32_t>(out.cells.size())};
  if (const auto host = valueAt<std::int32_t>(slot, kSlotHostPidAt); host != 0) process.hostPid = host;
  bool listed = out.processes.size() < kMaxListedProcesses;

  for (DeviceUsage& device : out.devices) {
    const std::byte* memory = slot + l.slotUsedAt + std::size_t{device.index} * l.memoryElementBytes;
    const auto context = valueAt<std::uint64_t>(memory, 0);
    const auto module = valueAt<std::uint64_t>(memory, 8);
    const auto buffer = valueAt<std::uint64_t>(memory, 16);
    const auto total = valueAt<std::uint64_t>(memory, 32);
    const auto driver = valueAt<std::uint64_t>(slot, l.slotMonitorUsedAt + device.index * 8);
    device.contextBytes += context;
    device.moduleBytes += module;
    device.bufferBytes += buffer;
    device.usedBytes += total;
    device.driverReportedBytes += driver;
    if ((context | module | buffer | total | driver) >= kImplausibleBytes) device.flags |= kProcessImplausible;

    ProcessCell cell{
        .deviceIndex = device.index, .usedBytes = total, .driverReportedBytes = driver, .smUtilPercent = std::nullopt};
    std::uint64_t util = 0;
    if (l.slotUtilAt) {
      util = valueAt<std::uint64_t>(slot, *l.slotUtilAt + device.index * l.utilElementBytes + 16);
      device.smUtilPercent = device.smUtilPercent.value_or(0) + util;
      if (util > 100) device.flags |= kUtilizationImplausible;
      cell.smUtilPercent =
          static_cast<std::uint32_t>(std::min<std::uint64_t>(util, std::numeric_limits<std::uint32_t>::max()));
    }
    if (listed && (total | driver | util) != 0) {
      listed = out.cells.size() < kMaxListedCells;
      if (listed) out.cells.push_back(cell);
    }
  }

  if (listed) {
    process.cellCount = static_cast<std::uint32_t>(out.cells.size()) - process.firstCell;
    out.processes.push_back(process);
  } else {
    out.cells.resize(process.firstCell);  // half a process would be a wrong process
    out.flags |= kProcessListShortened;
  }
}

void finishSums(FileUsage& out) {
  for (DeviceUsage& d : out.devices) {
    if (std::max({d.usedBytes, d.contextBytes, d.moduleBytes, d.bufferBytes}) >= kImplausibleBytes) {
      d.flags |= kUsageImplausible;
    }
    if (d.driverReportedBytes >= kImplausibleBytes) d.flags |= kDriverReportedImplausible;
    if (d.limitBytes >= kImplausibleBytes) d.flags |= kLimitImplausible;
  }
}

std::optional<std::uint64_t> slotSequence(const Layout& l, const std::byte* slot) {
  if (!l.slotSeqlockAt) return std::nullopt;
  return valueAt<std::uint64_t>(slot, *l.slotSeqlockAt);
}

}  // namespace gna::hami
