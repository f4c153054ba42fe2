#pragma once
// What a capture keeps of the host's files: the nvidia modules' own, the PCI functions of NVIDIA, device nodes and the
// names of HAMi's directories. Nothing is written, no link is followed out of a folder, sizes are bounded.

#include <atomic>
#include <vector>

#include "core/nvml/lane.h"
#include "core/proc/driver_gpus.h"
#include "sampler/capture/record_log.h"
#include "sampler/options.h"

namespace gna::capture {

/// Writes one line for each file; files of the GPUs in `leftOut` are not read. Reads that can enter a driver are made
/// on the lane, so that somebody sees them hang.
void recordHostFiles(const EngineOptions& options, const std::vector<proc::PciAddress>& leftOut, nvml::Lane& lane,
                     RecordLog& log, const std::atomic<bool>& abandoned);

}  // namespace gna::capture
