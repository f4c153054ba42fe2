#pragma once
// Two samples of one GPU or GPU instance, and the metrics of the time between them.

#include <cstdint>
#include <vector>

#include "core/nvml/abi.h"

namespace gna::nvml {

/// What one batch of metrics asks for, and what came: the head of nvmlGpmMetricsGet_t with as many metrics as asked.
class GpmRequest {
 public:
  void clear() { metrics_.clear(); }
  void add(std::uint32_t metric) { metrics_.push_back({metric, kErrorUnknown, 0, nullptr, nullptr, nullptr}); }
  std::size_t size() const { return metrics_.size(); }

  /// The memory to hand to the driver; valid until the next call of this object.
  void* prepare(GpmSample older, GpmSample newer);
  /// Metric `i` as the driver answered it in prepare()'s memory.
  GpmMetric answer(std::size_t i) const;

 private:
  std::vector<GpmMetric> metrics_;
  std::vector<unsigned char> bytes_;
};

/// The samples of one subject. `older` is what the next metrics are measured from.
struct GpmPair {
  std::uint32_t gpuInstance = kInstanceNotApplicable;
  GpmSample older = nullptr;
  GpmSample newer = nullptr;
  std::int64_t olderNs = 0;  // monotonic; 0 = there is no baseline
};

}  // namespace gna::nvml
