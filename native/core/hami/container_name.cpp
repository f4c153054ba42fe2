#include "core/hami/container_name.h"

#include <algorithm>

namespace gna::hami {

namespace {

constexpr bool isNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

constexpr bool isShownByte(char c) { return c > ' ' && c < '\x7f' && c != '\\'; }

}  // namespace

ContainerName splitName(std::string_view directory) {
  const std::size_t at = directory.find('_');
  if (at == std::string_view::npos || at == 0 || at + 1 == directory.size()) return {};
  const std::string_view uid = directory.substr(0, at), container = directory.substr(at + 1);
  const bool fits = uid.size() <= kMaxPodUidBytes && container.size() <= kMaxContainerBytes;
  const bool clean = fits && std::all_of(directory.begin(), directory.end(), isNameByte);
  return {.kind = clean ? NameKind::container : NameKind::bad, .podUid = uid, .container = container};
}

std::string shownName(std::string_view directory) {
  constexpr std::string_view kDigits = "0123456789abcdef", kCut = "...";
  std::string shown;
  for (const char c : directory) {
    const std::size_t needed = isShownByte(c) ? 1 : 4;
    if (shown.size() + needed > kMaxShownNameBytes - kCut.size()) return shown.append(kCut);
    if (needed == 1) {
      shown += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      shown.append("\\x").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
    }
  }
  return shown;
}

}  // namespace gna::hami
