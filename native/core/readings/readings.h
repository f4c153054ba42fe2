#pragma once
// Reading ids, generated from readings.def. A reading is one number of one GPU in base units.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gna {

/// Index of a reading in a GPU record. Stable within one build; names are stable across builds.
enum class Reading : std::uint16_t {
#define READING(id, unit, cadence, origin) id,
#include "core/readings/readings.def"
#undef READING
};

inline constexpr std::array kReadingNames = {
#define READING(id, unit, cadence, origin) std::string_view{#id},
#include "core/readings/readings.def"
#undef READING
};

/// How often a reading is asked of the driver.
enum class Cadence : std::uint8_t { identity, minute, cycle };

inline constexpr std::array kReadingCadences = {
#define READING(id, unit, cadence, origin) Cadence::cadence,
#include "core/readings/readings.def"
#undef READING
};

inline constexpr std::size_t kReadingCount = kReadingNames.size();

constexpr std::size_t index(Reading r) { return static_cast<std::size_t>(r); }

/// Why a reading has a value or has none: an NVML return code (0 = value present) folded into a byte, or one of these.
namespace reading_status {
inline constexpr std::uint8_t kPresent = 0;
inline constexpr std::uint8_t kUnknownError = 252;   // NVML code outside 0..200, e.g. 999
inline constexpr std::uint8_t kImplausible = 253;    // the driver answered, the value cannot be true
inline constexpr std::uint8_t kSymbolMissing = 254;  // this driver branch does not have the function
inline constexpr std::uint8_t kNotAsked = 255;       // not asked yet, or not applicable in the GPU's state
}  // namespace reading_status

}  // namespace gna
