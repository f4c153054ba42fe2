#include "core/exposition/number.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace gna::exposition {

namespace {

/// Beyond it neighbouring doubles are more than 1 apart, and trailing digits would claim a precision that is not there.
constexpr double kWholeNumberMax = 9007199254740992.0;  // 2^53

char* writeWord(char* out, const char* word, std::size_t length) noexcept {
  std::memcpy(out, word, length);
  return out + length;
}

}  // namespace

char* writeNumber(char* out, double value) noexcept {
  char* const end = out + kNumberBytesMax;
  if (value >= -kWholeNumberMax && value <= kWholeNumberMax) {
    const auto whole = static_cast<std::int64_t>(value);
    if (static_cast<double>(whole) == value) return std::to_chars(out, end, whole).ptr;
    return std::to_chars(out, end, value).ptr;
  }
  if (std::isnan(value)) return writeWord(out, "NaN", 3);
  if (std::isinf(value)) return writeWord(out, value > 0 ? "+Inf" : "-Inf", 4);
  return std::to_chars(out, end, value).ptr;
}

}  // namespace gna::exposition
