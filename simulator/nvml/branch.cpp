#include "branch.h"

#ifndef SIMULATED_BRANCH
#error "SIMULATED_BRANCH is the driver branch to build, e.g. 580"
#endif

namespace simulator {

#if SIMULATED_BRANCH == 535
const Branch kBranch{"535", "535.183.06", "12.535.183", "r535_00", 12020, 197, {0, 0, 0}, 98, false};
#elif SIMULATED_BRANCH == 550
const Branch kBranch{"550", "550.127.08", "12.550.127", "r550_00", 12040, 200, {0, 0, 0}, 98, false};
#elif SIMULATED_BRANCH == 580
const Branch kBranch{"580", "580.65.06", "13.580.65", "r580_00", 13000, 274, {251, 252, 253}, 210, true};
#elif SIMULATED_BRANCH == 590
const Branch kBranch{"590", "590.48.01", "13.590.48", "r590_00", 13010, 289, {269, 270, 271}, 210, true};
#else
#error "unknown driver branch: add it here and its export list"
#endif

}  // namespace simulator
