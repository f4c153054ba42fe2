#include "core/hami/layout.h"

#include <algorithm>
#include <cstring>

namespace gna::hami {

namespace {

// Offsets as compiled from the headers of the pinned HAMi-core commits: 8b7cd78 (pre-v0), 7a9c88b (v0), 24a0f49 (1.1),
// e200da2 (1.1 shifted by the second semaphore, only in HAMi 2.8.1), 8f3a89c (1.2).
constexpr std::array<Layout, 5> kLayouts = {{
    {
        .id = LayoutId::preV0,
        .name = "pre-v0",
        .fileBytes = 804681,
        .version = std::nullopt,
        .ownerPidAt = 8,
        .deviceNumAt = 48,
        .uuidsAt = 56,
        .limitAt = 1592,
        .smLimitAt = 1720,
        .procsAt = 1848,
        .procNumAt = 804664,
        .utilizationSwitchAt = 804668,
        .recentKernelAt = 804672,
        .priorityAt = 804676,
        .lastKernelTimeAt = std::nullopt,
        .slotBytes = 784,
        .slotUsedAt = 8,
        .memoryElementBytes = 40,
        .slotMonitorUsedAt = 648,
        .slotUtilAt = std::nullopt,
        .utilElementBytes = 0,
        .slotStatusAt = 776,
        .slotSeqlockAt = std::nullopt,
    },
    {
        .id = LayoutId::v0,
        .name = "v0",
        .fileBytes = 1197897,
        .version = std::nullopt,
        .ownerPidAt = 8,
        .deviceNumAt = 48,
        .uuidsAt = 56,
        .limitAt = 1592,
        .smLimitAt = 1720,
        .procsAt = 1848,
        .procNumAt = 1197880,
        .utilizationSwitchAt = 1197884,
        .recentKernelAt = 1197888,
        .priorityAt = 1197892,
        .lastKernelTimeAt = std::nullopt,
        .slotBytes = 1168,
        .slotUsedAt = 8,
        .memoryElementBytes = 40,
        .slotMonitorUsedAt = 648,
        .slotUtilAt = 776,
        .utilElementBytes = 24,
        .slotStatusAt = 1160,
        .slotSeqlockAt = std::nullopt,
    },
    {
        .id = LayoutId::v1_1,
        .name = "v1.1",
        .fileBytes = 2008953,
        .version = RegionVersion{1, 1},
        .ownerPidAt = 16,
        .deviceNumAt = 56,
        .uuidsAt = 64,
        .limitAt = 1600,
        .smLimitAt = 1728,
        .procsAt = 1856,
        .procNumAt = 2008896,
        .utilizationSwitchAt = 2008900,
        .recentKernelAt = 2008904,
        .priorityAt = 2008908,
        .lastKernelTimeAt = 2008912,
        .slotBytes = 1960,
        .slotUsedAt = 8,
        .memoryElementBytes = 64,
        .slotMonitorUsedAt = 1032,
        .slotUtilAt = 1160,
        .utilElementBytes = 48,
        .slotStatusAt = 1928,
        .slotSeqlockAt = std::nullopt,
    },
    {
        .id = LayoutId::v1_1Shifted,
        .name = "v1.1-shifted",
        .fileBytes = 2008985,
        .version = RegionVersion{1, 1},
        .ownerPidAt = 16,
        .deviceNumAt = 88,
        .uuidsAt = 96,
        .limitAt = 1632,
        .smLimitAt = 1760,
        .procsAt = 1888,
        .procNumAt = 2008928,
        .utilizationSwitchAt = 2008932,
        .recentKernelAt = 2008936,
        .priorityAt = 2008940,
        .lastKernelTimeAt = 2008944,
        .slotBytes = 1960,
        .slotUsedAt = 16,
        .memoryElementBytes = 64,
        .slotMonitorUsedAt = 1040,
        .slotUtilAt = 1168,
        .utilElementBytes = 48,
        .slotStatusAt = 1936,
        .slotSeqlockAt = 8,
    },
    {
        .id = LayoutId::v1_2,
        .name = "v1.2",
        .fileBytes = 2008953,
        .version = RegionVersion{1, 2},
        .ownerPidAt = 16,
        .deviceNumAt = 56,
        .uuidsAt = 64,
        .limitAt = 1600,
        .smLimitAt = 1728,
        .procsAt = 1856,
        .procNumAt = 2008896,
        .utilizationSwitchAt = 2008900,
        .recentKernelAt = 2008904,
        .priorityAt = 2008908,
        .lastKernelTimeAt = 2008912,
        .slotBytes = 1960,
        .slotUsedAt = 8,
        .memoryElementBytes = 64,
        .slotMonitorUsedAt = 1032,
        .slotUtilAt = 1160,
        .utilElementBytes = 48,
        .slotStatusAt = 1928,
        .slotSeqlockAt = 1936,
    },
}};

constexpr const Layout& kNewest = kLayouts.back();

// The arrays must lie between each other without gap or overlap, and nothing may be read behind the file's end.
constexpr bool consistent(const Layout& l) {
  const std::uint32_t slotsEnd = l.procsAt + kMaxSlots * l.slotBytes;
  const std::uint32_t utilEnd = l.slotUtilAt ? *l.slotUtilAt + kMaxDevices * l.utilElementBytes : l.slotStatusAt;
  return l.deviceNumAt + 8 == l.uuidsAt && l.uuidsAt + kMaxDevices * kUuidFieldBytes == l.limitAt &&
         l.limitAt + kMaxDevices * 8 == l.smLimitAt && l.smLimitAt + kMaxDevices * 8 == l.procsAt &&
         slotsEnd == l.procNumAt && l.tailEnd() < l.fileBytes &&
         l.slotUsedAt + kMaxDevices * l.memoryElementBytes == l.slotMonitorUsedAt &&
         l.slotMonitorUsedAt + kMaxDevices * 8 == (l.slotUtilAt ? *l.slotUtilAt : l.slotStatusAt) &&
         utilEnd == l.slotStatusAt && l.slotStatusAt + 4 <= l.slotBytes;
}
static_assert(std::all_of(kLayouts.begin(), kLayouts.end(), consistent));

std::uint32_t wordAt(const std::byte* at) {
  std::uint32_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

}  // namespace

std::span<const Layout> layouts() { return kLayouts; }

const Layout* layoutById(std::uint32_t id) {
  for (const Layout& l : kLayouts) {
    if (static_cast<std::uint32_t>(l.id) == id) return &l;
  }
  return nullptr;
}

bool sizePossible(std::uint64_t fileBytes) {
  if (fileBytes >= kNewest.fileBytes) return true;
  return std::any_of(kLayouts.begin(), kLayouts.end(), [=](const Layout& l) { return l.fileBytes == fileBytes; });
}

Recognition recognize(std::uint64_t fileBytes, const std::byte* beginning) {
  if (!sizePossible(fileBytes)) return {.refusal = Refusal::sizeUnknown};
  const std::uint32_t magic = wordAt(beginning);
  // The creator sets the size first and the magic last, so zero means "not yet" rather than "something else".
  if (magic == 0) return {.refusal = Refusal::notReady};
  if (magic != kRegionMagic) return {.refusal = Refusal::badMagic};
  const RegionVersion version{wordAt(beginning + 4), wordAt(beginning + 8)};
  // A 1.x file cut to the size of an older layout would be one with nothing in it. There, the word after the magic is
  // sm_init_flag, which no released library ever sets.
  if (fileBytes < kNewest.fileBytes && version.major == 1 && version.minor != 0)
    return {.refusal = Refusal::sizeUnknown};
  for (const Layout& l : kLayouts) {
    if (l.fileBytes == fileBytes && (!l.version || *l.version == version)) return {.layout = &l};
  }
  if (version.major == 1) return {.layout = &kNewest, .assumed = true};
  return {.refusal = Refusal::versionUnknown};
}

}  // namespace gna::hami
