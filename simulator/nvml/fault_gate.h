// Where faults strike: every call passes here before it is answered.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "abi.h"
#include "library.h"

namespace simulator {

/// Suffers what the journal has for a call: waits, burns CPU, hangs. kSuccess lets the call go on.
/// `gpu` -1: the call is about no GPU.
Return sufferFaults(Library& library, const char* function, std::int32_t gpu);
/// The same for a call that has the view at hand: replaced by that of afterwards where something was suffered.
Return sufferFaults(Library& library, const char* function, std::int32_t gpu, std::shared_ptr<const View>& view);
/// The same for a call about several GPUs, each fault once; only those whose journal entry comes after `afterId`.
Return sufferFaults(Library& library, const char* function, std::span<const std::uint32_t> gpus, std::uint64_t afterId);

}  // namespace simulator
