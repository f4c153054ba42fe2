#pragma once
// Whether bytes are the text of a GPU or MIG UUID. Strict on purpose: the text goes into labels, logs and paths.

#include <cstddef>
#include <string_view>

namespace gna::hami {

/// True for exactly "GPU-" or "MIG-" followed by 36 hexadecimal digits and dashes.
constexpr bool isUuidText(std::string_view text) {
  if (text.size() != 40 || (!text.starts_with("GPU-") && !text.starts_with("MIG-"))) return false;
  for (const char c : text.substr(4)) {
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (!hex && c != '-') return false;
  }
  return true;
}

}  // namespace gna::hami
