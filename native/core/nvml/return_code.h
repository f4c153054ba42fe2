#pragma once
// What an NVML return code means for what asked.

#include <cstdint>

#include "core/nvml/abi.h"
#include "core/readings/readings.h"

namespace gna::nvml {

/// Returned instead of an NVML code when no call was made.
inline constexpr Return kNoSuchSymbol = 0xFFFFFFFEu;
inline constexpr Return kCallSkipped = 0xFFFFFFFFu;

/// Status byte of a return code (reading_status in readings.h).
std::uint8_t statusOf(Return r);

/// Codes after which asking again is pointless until the next init or identity round (nvml.md §4).
bool isUnsupported(Return r);

/// Codes that may be gone at the next question: neither an answer, nor "not here", nor "no such thing".
bool isPassing(Return r);

/// Codes that say a function, or this version of it, is not there: the older variant is asked.
bool isOlderDriver(Return r);

/// Codes that make the whole GPU unreadable: 8, 11, 15, 16.
bool isDeviceFatal(Return r);

/// Codes that ask for a new init of the driver: 1, 9, 18, 28.
bool isDriverWide(Return r);

}  // namespace gna::nvml
