// Where faults strike: every call passes here before it is answered.
#pragma once

#include <cstdint>

#include "abi.h"
#include "library.h"

namespace simulator {

/// Suffers what the journal has for a call: waits, burns CPU, hangs. kSuccess lets the call go on.
/// `gpu` -1: the call is about no GPU.
Return sufferFaults(Library& library, const char* function, std::int32_t gpu);

}  // namespace simulator
