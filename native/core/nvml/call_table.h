#pragma once
// Ids, classes and names of the calls in calls.def.

#include <array>
#include <cstddef>
#include <cstdint>

namespace gna::nvml {

/// A row of calls.def. `none` marks a lane that is in no call.
enum class Call : std::uint32_t {
#define CALL(id, cls, symbol) id,
#include "core/nvml/calls.def"
#undef CALL
  none
};

inline constexpr std::size_t kCallCount = static_cast<std::size_t>(Call::none);

/// Deadline class of a call: how long it may take before it is called stuck.
enum class CallClass : std::uint8_t { attach, fast, slow };

inline constexpr std::array<CallClass, kCallCount> kCallClasses = {
#define CALL(id, cls, symbol) CallClass::cls,
#include "core/nvml/calls.def"
#undef CALL
};

inline constexpr std::array<const char*, kCallCount> kCallSymbols = {
#define CALL(id, cls, symbol) symbol,
#include "core/nvml/calls.def"
#undef CALL
};

constexpr std::size_t index(Call c) { return static_cast<std::size_t>(c); }

}  // namespace gna::nvml
