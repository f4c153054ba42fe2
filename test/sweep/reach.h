#pragma once
// What a GPU's reader asks the driver, also where the driver lacks something: then older functions are asked instead.

#include <set>
#include <vector>

#include "trial.h"

namespace gna::sweep {

/// Whether the reader of a GPU makes the call; the others are made by the sampler's own threads.
bool isOfAGpu(nvml::Call call);

/// Calls `visit(without, undisturbed, causes)`, first for the driver as it is, then for it without each thing that it
/// was asked for: `causes` are those that were asked in none of the drivers before. Only those of which `wanted(cause)`
/// are visited and left out.
template <typename Wanted, typename Visit>
void forEachDriver(const Place& place, const Undisturbed& plain, Wanted wanted, Visit visit) {
  std::set<Cause> known;
  std::vector<std::vector<Cause>> waiting{{}};
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    const std::vector<Cause> without = waiting[i];
    const Undisturbed undisturbed = i == 0 ? plain : Undisturbed(place, without);
    std::vector<Cause> fresh;
    for (const Cause& cause : undisturbed.reached)
      if (!known.contains(cause) && isOfAGpu(cause.call) && wanted(cause)) fresh.push_back(cause);
    if (!fresh.empty()) visit(without, undisturbed, fresh);
    known.insert(fresh.begin(), fresh.end());
    for (const Cause& cause : fresh) {
      waiting.push_back(without);
      waiting.back().push_back(cause);
    }
  }
}

}  // namespace gna::sweep
