// ECC counters by kind, span and location; what calls and field values share.
#pragma once

#include <optional>

#include "gpu.h"

namespace simulator {

/// The driver's numbering: 0 corrected, 1 uncorrected.
inline constexpr unsigned kEccKinds = 2;
/// 0 volatile (since the driver was loaded), 1 aggregate.
inline constexpr unsigned kEccSpans = 2;
/// L1, L2, DRAM, register file, texture, texture in shared memory, CBU, SRAM.
inline constexpr unsigned kEccLocations = 8;

/// Errors of one location; absent where the GPU does not count there. Arguments must be in range.
std::optional<std::uint64_t> eccErrors(const Gpu& gpu, unsigned kind, unsigned span, unsigned location);
/// Sum over the locations that are counted; absent where none is, or ECC is off.
std::optional<std::uint64_t> totalEccErrors(const Gpu& gpu, unsigned kind, unsigned span);

}  // namespace simulator
