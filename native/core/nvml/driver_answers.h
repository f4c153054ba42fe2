#pragma once
// One function's answer is not the driver's: before the whole driver is initialised anew, it is asked itself.

#include "core/nvml/lane.h"
#include "core/nvml/library.h"

namespace gna::nvml {

/// Whether the driver as a whole still answers: nvmlDeviceGetCount succeeds. Asked only after a code that would mean
/// the opposite (1, 9, 18, 28), so that one odd function costs its own reading and nothing else.
bool driverAnswers(const Library& library, Lane& lane);

}  // namespace gna::nvml
