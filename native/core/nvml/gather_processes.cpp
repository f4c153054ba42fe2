#include <algorithm>
#include <array>

#include "core/nvml/gather.h"

namespace gna::nvml {

namespace {

struct ListRow {
  Reading reading;
  shm::ProcessType type;
  std::array<Call, 3> variants;  // newest first
};

constexpr ListRow kLists[] = {
    {Reading::compute_processes,
     shm::ProcessType::compute,
     {Call::DeviceGetComputeRunningProcesses_v3, Call::DeviceGetComputeRunningProcesses_v2,
      Call::DeviceGetComputeRunningProcesses}},
    {Reading::graphics_processes,
     shm::ProcessType::graphics,
     {Call::DeviceGetGraphicsRunningProcesses_v3, Call::DeviceGetGraphicsRunningProcesses_v2,
      Call::DeviceGetGraphicsRunningProcesses}},
    {Reading::mps_processes,
     shm::ProcessType::mps,
     {Call::DeviceGetMPSComputeRunningProcesses_v3, Call::DeviceGetMPSComputeRunningProcesses_v2,
      Call::DeviceGetMPSComputeRunningProcesses}},
};

constexpr std::uint32_t kMostProcesses = 16384;  // above this a count is not believed

}  // namespace

void Gather::processLists() {
  g.lists_.processes.clear();
  g.record_.process_total = 0;
  for (std::size_t list = 0; list < std::size(kLists); ++list) {
    const ListRow& row = kLists[list];
    if (!due(row.reading)) continue;
    ProcessBuffer& buffer = g.processBuffers_[list];
    std::size_t& stride = g.processStride_[list];
    std::uint8_t& variant = g.processVariant_[list];
    std::uint32_t count = 0;
    Return code = kCallSkipped;
    for (int attempt = 0; attempt < 5; ++attempt) {
      if (stride == 0) buffer.fillWithSentinel();
      count = buffer.entries();
      code = call(row.variants[variant], g.handle_, &count, static_cast<void*>(buffer.data()));
      if (isOlderDriver(code) && variant + 1u < row.variants.size()) {
        ++variant;
        stride = 0;
        continue;
      }
      if (code != kErrorInsufficientSize || buffer.entries() >= kMostProcesses) break;
      // Lists grow between two calls: twice what was said.
      buffer.resize(std::min(kMostProcesses, std::max(count, buffer.entries()) * 2));
    }
    if (code == kErrorNotFound) code = kSuccess, count = 0;  // some libraries say "none" this way
    if (code == kSuccess && count > buffer.entries()) {
      g.absent(row.reading, reading_status::kImplausible);
      continue;
    }
    if (code == kSuccess && count > 0 && stride == 0) {
      stride = strideFromWritten(buffer.data(), buffer.size(), count).value_or(0);
      if (stride == 0) {
        g.absent(row.reading, reading_status::kImplausible);
        continue;
      }
    }
    store(row.reading, code, count);
    if (code != kSuccess) continue;
    g.record_.process_total += count;
    g.record_.process_stride_bytes = stride;
    for (std::uint32_t i = 0; i < count && g.lists_.processes.size() < shm::kMaxProcessesPerGpu; ++i) {
      const ListedProcess p = decodeProcess(buffer.data(), i, stride);
      g.lists_.processes.push_back({p.pid, row.type, p.usedMemoryBytes, p.gpuInstance, p.computeInstance});
    }
  }
}

}  // namespace gna::nvml
