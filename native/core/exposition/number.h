#pragma once
// Numbers as expositions write them.

#include <cstddef>

namespace gna::exposition {

/// Longest text `writeNumber` makes: the sign, 17 digits, the point, "e-308".
inline constexpr std::size_t kNumberBytesMax = 32;

/// Writes the shortest decimal text that reads back as `value`, at `out`, which has room for `kNumberBytesMax` bytes.
/// Whole numbers up to 2^53 are written without an exponent: people read byte counts. Infinities are `+Inf` and
/// `-Inf`, as both formats spell them (OpenMetrics 1.0.0, "Numbers"); NaN is `NaN`. Returns the end of the text.
char* writeNumber(char* out, double value) noexcept;

}  // namespace gna::exposition
