#pragma once
// Directory names `<podUID>_<container>`: split at the first underscore, since a container name (a DNS label) has none
// and neither has a UID. Whoever can write the root can choose any bytes, so names are checked before they are used.

#include <string>
#include <string_view>

namespace gna::hami {

inline constexpr std::size_t kMaxPodUidBytes = 64;      // UIDs have 36, those of static pods 32
inline constexpr std::size_t kMaxContainerBytes = 63;   // DNS label
inline constexpr std::size_t kMaxShownNameBytes = 128;  // of a refused name, escaped

/// What a directory name is.
enum class NameKind {
  other,      // no underscore or an empty half: not a container's directory, passed over
  container,  // both halves have only letters, digits, '-', '.', '_' and a possible length
  bad,        // two halves, but with bytes or a length no pod has
};

/// The two halves, views into the name.
struct ContainerName {
  NameKind kind = NameKind::other;
  std::string_view podUid;
  std::string_view container;
};

ContainerName splitName(std::string_view directory);

/// The name with every byte outside printable ASCII, and the backslash, written as \xNN; cut with "..." so that the
/// result has at most `kMaxShownNameBytes` bytes. Safe in a log line and in a label.
std::string shownName(std::string_view directory);

}  // namespace gna::hami
