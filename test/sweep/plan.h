#pragma once
// What a sweep of a running sampler has to try, told as JSON (test/sweep/agent/plan.ts reads it).

#include <string>
#include <vector>

namespace gna::sweep {

/// Prints one object: `answers`, every code with what it means; `exported`, the calls this driver has; and `calls`:
/// each call that is made on some GPU of these nodes, with the functions this driver must lack for it, the GPUs of each
/// node that make it, and the kinds of paths (snapshot.h) that may be others without it (`touched`) or are absent
/// whatever code it answers but those that have an older function asked (`lost`).
void printPlan(const std::vector<std::string>& directories);

}  // namespace gna::sweep
