#pragma once
// One region with values that differ in every field, process and device, and what a reader has to make of it.

#include <cstddef>

#include "hami_generator.h"

namespace gna::test {

/// Three counted processes and one exited slot on two devices; every number occurs once.
inline GeneratedRegion exampleRegion(Generation generation) {
  GeneratedRegion region;
  region.generation = generation;
  region.deviceNum = 2;
  region.uuids[0] = generatedUuid(0xa1);
  region.uuids[1] = generatedUuid(0xb2);
  region.limit = {8'000'000'000, 16'000'000'000};
  region.smLimit = {30, 60, 31, 32};
  region.utilizationSwitch = 0;
  region.recentKernel = -1;
  region.priority = 7;
  region.lastKernelTime = 1'795'301'829;
  for (int i = 0; i < 4; ++i) {
    GeneratedProcess p;
    p.pid = 40 + i;
    p.hostPid = i == 2 ? 0 : 9000 + i;
    p.status = i == 1 ? 0 : i == 2 ? 2 : 1;  // the second has exited and left its memory behind
    p.seqlock = 2 * static_cast<std::uint64_t>(i);
    for (std::size_t d = 0; d < 2; ++d) {
      const std::uint64_t unit = (1 + static_cast<std::uint64_t>(i)) * (d == 0 ? 1'000'000 : 70'000'000);
      p.devices[d] = {.context = unit * 3,
                      .module = unit * 5,
                      .data = unit * 7,
                      .offset = unit * 11,
                      .total = unit * 17,
                      .monitorUsed = unit * 19,
                      .smUtil = 2 + 3 * static_cast<std::uint64_t>(i) + d};
    }
    // Beyond deviceNum: must never be looked at.
    p.devices[5] = {.context = 1, .module = 2, .data = 3, .offset = 4, .total = 5, .monitorUsed = 6, .smUtil = 7};
    region.processes.push_back(p);
  }
  return region;
}

// Units of the counted processes: 1 + 3 + 4 = 8 (the second, 2, is not counted).
inline constexpr std::uint64_t kExampleUnits = 8;

}  // namespace gna::test
