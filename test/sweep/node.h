#pragma once
// A simulated node whose library is open, for as long as the program runs.

#include <cstdint>
#include <string>

#include "core/clock/clock.h"
#include "core/nvml/library.h"
#include "node_clock.h"
#include "subject.h"

namespace gna::sweep {

struct Node {
  /// Opens and initialises the library. Ends the program where that does not work: there is nothing to sweep.
  explicit Node(const std::string& directory);

  Place place(std::uint32_t gpu) { return {library, clock, mover, driverMajor, gpu}; }

  std::string name;  // of the directory
  nvml::Library library;
  Clock clock;
  NodeClock mover;
  std::uint32_t driverMajor = 0, gpus = 0;
};

}  // namespace gna::sweep
