// What differs between driver branches: compiled once for each with SIMULATED_BRANCH set, everything else once for all.
#pragma once

#include <cstdint>

namespace simulator {

/// Field ids that moved between branches; 0 = this branch has none.
struct MovedFields {
  std::uint32_t swThermalSlowdown;
  std::uint32_t hwThermalSlowdown;
  std::uint32_t hwPowerBrakeSlowdown;
};

struct Branch {
  const char* name;           // 580
  const char* driverVersion;  // 580.65.06
  const char* nvmlVersion;    // 13.580.65
  const char* branchText;     // r580_00
  int cudaVersion;            // 1000 * major + 10 * minor
  /// First field id this branch does not know.
  std::uint32_t fieldEnd;
  MovedFields moved;
  /// First performance metric this branch does not know, and whether it knows the second optical flow engine.
  std::uint32_t gpmEnd;
  bool secondOfa;
};

/// The branch this library was built as.
extern const Branch kBranch;

}  // namespace simulator
