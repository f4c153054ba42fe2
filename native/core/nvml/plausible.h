#pragma once
// What an answer of the driver cannot be. All bits set is what libraries give in place of a number they do not have
// (nvml.md §3); places for answers hold the same before a call, so that success without an answer is seen too. Such a
// number is infinite until it is stored, and Gather::store and FieldBatch::book make it absent.

#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "core/nvml/abi.h"

namespace gna::nvml {

inline constexpr double kNotANumber = std::numeric_limits<double>::infinity();

/// Unsigned numbers wide enough that all bits set is none of their values; a byte of 255 is one.
template <typename T>
concept WideUnsigned = std::unsigned_integral<T> && sizeof(T) >= sizeof(std::uint32_t);

/// What a place for an answer holds before the call.
template <typename T>
  requires std::is_trivially_copyable_v<T>
T unwritten() {
  T place;
  std::memset(static_cast<void*>(&place), 0xFF, sizeof place);
  return place;
}

/// The number that was answered, or that there is none.
template <WideUnsigned T>
constexpr double numberOf(T raw) {
  return raw == std::numeric_limits<T>::max() ? kNotANumber : static_cast<double>(raw);
}

/// Above it no memory is.
inline constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 60;

/// Whether the parts of a memory fit into it; free above total was seen behind interposers.
constexpr bool isPlausible(const Memory_v2& m) {
  return m.total > 0 && m.total <= kMostBytes && m.free <= m.total && m.used <= m.total && m.reserved <= m.total;
}

// No GPU that still answers is outside this; drivers have returned garbage here (nvml.md §7).
inline constexpr double kHottestCelsius = 200;
inline constexpr std::int32_t kColdestCelsius = -100;

/// A temperature. All bits set is one degree below zero, and "no value" in a field of 32 bits (nvml.md §3): which of
/// them the driver means cannot be told, so at that one degree a cold GPU has no reading.
constexpr double celsiusOf(std::int32_t raw) { return raw == -1 || raw < kColdestCelsius ? kNotANumber : raw; }

/// Degrees to a limit, which may be exceeded by one.
constexpr double marginCelsiusOf(std::int32_t raw) { return raw < kColdestCelsius ? kNotANumber : raw; }
inline constexpr std::int32_t kUnwrittenMargin = std::numeric_limits<std::int32_t>::min();

}  // namespace gna::nvml
