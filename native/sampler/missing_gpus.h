#pragma once
// What it means that the driver has other GPUs than at the last init. A lost GPU is one GPU's state: that the driver
// gave it up is no reason to initialise anew, or to stop reading anybody else.

#include <algorithm>
#include <iterator>
#include <vector>

#include "core/proc/driver_gpus.h"

namespace gna {

/// Whether lost GPUs are all that is missing of those that were listed at the last init, and nobody was added. All
/// three lists ascending.
inline bool onlyLostOnesLeft(const std::vector<proc::PciAddress>& listedAtInit,
                             const std::vector<proc::PciAddress>& listedNow,
                             const std::vector<proc::PciAddress>& lost) {
  std::vector<proc::PciAddress> missing;
  std::set_difference(listedAtInit.begin(), listedAtInit.end(), listedNow.begin(), listedNow.end(),
                      std::back_inserter(missing));
  return std::includes(listedAtInit.begin(), listedAtInit.end(), listedNow.begin(), listedNow.end()) &&
         std::includes(lost.begin(), lost.end(), missing.begin(), missing.end());
}

}  // namespace gna
