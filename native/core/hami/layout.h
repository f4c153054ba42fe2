#pragma once
// The five layouts of HAMi-core's shared region, as tables of byte offsets. Which one a file has is told by its exact
// size together with the version in its header: 1.1 and the shifted 1.1 of HAMi 2.8.1 carry the same version, and the
// two layouts before 1.0 carry none. Little-endian, natural C alignment, on x86-64 and aarch64 alike.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/hami/refusal.h"

namespace gna::hami {

static_assert(std::endian::native == std::endian::little, "usage files are written in the byte order of the node");

/// `initialized_flag` of every layout once the creator has finished.
inline constexpr std::uint32_t kRegionMagic = 19920718;

inline constexpr std::uint32_t kMaxDevices = 16;  // entries of every per-device array
inline constexpr std::uint32_t kMaxSlots = 1024;  // process slots of every layout
inline constexpr std::uint32_t kUuidFieldBytes = 96;

/// The numbers travel in the encoded sweep: append, never renumber.
enum class LayoutId : std::uint32_t { preV0 = 1, v0 = 2, v1_1 = 3, v1_1Shifted = 4, v1_2 = 5 };

/// Version words of a 1.x header.
struct RegionVersion {
  std::uint32_t major, minor;
  bool operator==(const RegionVersion&) const = default;
};

/// Byte offsets of one layout. Fields named `slot…` count from the beginning of a process slot, the others from the
/// beginning of the file. An absent offset: the layout does not have the field.
struct Layout {
  LayoutId id;
  std::string_view name;
  std::uint64_t fileBytes;  // size of the region + 1: the creator writes one byte behind it
  std::optional<RegionVersion> version;

  std::uint32_t ownerPidAt;                       // u64, holder of the region's lock in the container's PID namespace
  std::uint32_t deviceNumAt;                      // u64
  std::uint32_t uuidsAt;                          // 16 × char[96]
  std::uint32_t limitAt;                          // 16 × u64 bytes, 0 = unlimited
  std::uint32_t smLimitAt;                        // 16 × u64 percent, 0 or ≥ 100 = unlimited
  std::uint32_t procsAt;                          // 1024 × slot
  std::uint32_t procNumAt;                        // i32
  std::uint32_t utilizationSwitchAt;              // i32
  std::uint32_t recentKernelAt;                   // i32
  std::uint32_t priorityAt;                       // i32
  std::optional<std::uint32_t> lastKernelTimeAt;  // u64 Unix seconds

  std::uint32_t slotBytes;
  std::uint32_t slotUsedAt;                 // 16 × memory element
  std::uint32_t memoryElementBytes;         // context 0, module 8, data 16, offset 24, total 32: u64 each
  std::uint32_t slotMonitorUsedAt;          // 16 × u64 bytes
  std::optional<std::uint32_t> slotUtilAt;  // 16 × utilisation element, sm_util at 16
  std::uint32_t utilElementBytes;
  std::uint32_t slotStatusAt;                  // i32
  std::optional<std::uint32_t> slotSeqlockAt;  // u64, even = stable

  /// End of the last field this reader takes from behind the slots.
  constexpr std::uint32_t tailEnd() const { return lastKernelTimeAt ? *lastKernelTimeAt + 8 : priorityAt + 4; }
};

inline constexpr std::uint32_t kSlotPidAt = 0;      // i32, container's PID namespace
inline constexpr std::uint32_t kSlotHostPidAt = 4;  // i32, 0 = unknown

/// Every layout, oldest first.
std::span<const Layout> layouts();

/// The layout with this number; null when there is none.
const Layout* layoutById(std::uint32_t id);

/// What the size and the first twelve bytes of a file say about its layout.
struct Recognition {
  const Layout* layout = nullptr;  // null: refused
  bool assumed = false;            // an unknown 1.x read as 1.2: only believed if its counts and UUIDs make sense
  Refusal refusal = Refusal::none;
};

/// Bytes of the file's beginning that `recognize` looks at: magic, major, minor.
inline constexpr std::size_t kRecognitionBytes = 12;

/// True when a file of this size can have any layout; others need not be read at all. Sizes above the largest layout
/// are let through, because an unknown 1.x may have them.
bool sizePossible(std::uint64_t fileBytes);

/// Tells the layout. `beginning` holds the first `kRecognitionBytes` bytes of the file.
Recognition recognize(std::uint64_t fileBytes, const std::byte* beginning);

}  // namespace gna::hami
