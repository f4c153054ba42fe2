#include "core/nvml/gpm_sampler.h"

#include <cstring>

namespace gna::nvml {

void* GpmRequest::prepare(GpmSample older, GpmSample newer) {
  const GpmMetricsGetHead head{kGpmVersion, static_cast<std::uint32_t>(metrics_.size()), older, newer};
  bytes_.resize(sizeof head + metrics_.size() * sizeof(GpmMetric));
  std::memcpy(bytes_.data(), &head, sizeof head);
  std::memcpy(bytes_.data() + sizeof head, metrics_.data(), metrics_.size() * sizeof(GpmMetric));
  return bytes_.data();
}

GpmMetric GpmRequest::answer(std::size_t i) const {
  GpmMetric metric;
  std::memcpy(&metric, bytes_.data() + sizeof(GpmMetricsGetHead) + i * sizeof metric, sizeof metric);
  return metric;
}

}  // namespace gna::nvml
