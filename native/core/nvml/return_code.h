#pragma once
// What an NVML return code means for what asked.

#include <cstdint>

#include "core/nvml/abi.h"
#include "core/readings/readings.h"

namespace gna::nvml {

/// A reason of ours in the place of an NVML code, for what the agent knows better than the code says, or did not ask.
constexpr Return ownReason(std::uint8_t status) { return 0xFFFFFF00u | status; }

inline constexpr Return kNoSuchSymbol = ownReason(reading_status::kSymbolMissing);
inline constexpr Return kCallSkipped = ownReason(reading_status::kNotAsked);
inline constexpr Return kBranchTooOld = ownReason(reading_status::kBranchTooOld);
inline constexpr Return kBranchUnknown = ownReason(reading_status::kBranchUnknown);
inline constexpr Return kNoOwnMemory = ownReason(reading_status::kNoOwnMemory);
inline constexpr Return kNoSessions = ownReason(reading_status::kNoSessions);
inline constexpr Return kConfidentialOff = ownReason(reading_status::kConfidentialOff);

/// Why a field or metric that this branch (major number, 0 = not told) has no number for is not asked.
constexpr Return notInBranch(std::uint32_t driverMajor) { return driverMajor == 0 ? kBranchUnknown : kBranchTooOld; }

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
