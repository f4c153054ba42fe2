#pragma once
// Listing the driver's GPUs asks none of them anything, but it goes through a file system that may not answer
// (--path.procfs): it is timed like a driver call, so that a thread asleep in it is named.

#include "core/nvml/lane.h"
#include "core/proc/driver_gpus.h"

namespace gna {

/// proc::listDriverGpus by the thread of this lane.
inline std::optional<std::vector<proc::PciAddress>> listUnderWatch(nvml::Lane& lane, const std::string& procfs) {
  std::optional<std::vector<proc::PciAddress>> list;
  lane.beginBatch();
  lane.run(nvml::Call::DriverGpuInformation, [&]() -> nvml::Return {
    list = proc::listDriverGpus(procfs);
    return list ? nvml::kSuccess : nvml::kErrorNotFound;
  });
  lane.idle();
  return list;
}

}  // namespace gna
