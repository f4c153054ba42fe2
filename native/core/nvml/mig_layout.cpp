#include "core/nvml/mig_layout.h"

namespace gna::nvml {

void MigLayout::observe(std::uint64_t fingerprint, std::int64_t nowNs) {
  if (state_.settled == 0) {
    state_.settled = state_.seen = fingerprint;
    state_.sinceNs = nowNs;
    return;
  }
  if (fingerprint != state_.seen) {
    state_.seen = fingerprint;
    state_.sinceNs = nowNs;
  }
  if (state_.seen == state_.settled || nowNs - state_.sinceNs < kSettledAfterNs) return;
  state_.settled = state_.seen;
  ++state_.changes;
}

}  // namespace gna::nvml
