#pragma once
// From bytes to sums. Pure: no file, no clock. The reader hands over the header, the tail and slot after slot.

#include <cstddef>

#include "core/hami/usage.h"

namespace gna::hami {

/// Reads everything but the slots: devices, limits, counts, switches. `header` holds the file's first `procsAt` bytes,
/// `tail` the bytes from `procNumAt` to `tailEnd()`. Counts are clamped and flagged; where the layout is only assumed
/// they must be right, else `implausibleCounts`. `out` was reset before.
Refusal decodeRegion(const Layout& layout, bool assumed, const std::byte* header, const std::byte* tail,
                     FileUsage& out);

/// Adds one slot of `slotBytes` to the sums and the process list; a slot with status 0 is skipped (HAMi 2.10.0's rule).
void addSlot(const Layout& layout, const std::byte* slot, FileUsage& out);

/// After the last slot: flags sums no card can have.
void finishSums(FileUsage& out);

/// The slot's sequence counter; absent in layouts without one.
std::optional<std::uint64_t> slotSequence(const Layout& layout, const std::byte* slot);

}  // namespace gna::hami
