#include "core/hami/refusal.h"

namespace gna::hami {

namespace {

constexpr std::array<std::string_view, kRefusalCount> kCodes = {
    "none",
    "no_cache_file",
    "not_ready",
    "gone",
    "bad_name",
    "symlink",
    "not_regular",
    "too_many_links",
    "other_filesystem",
    "too_many_entries",
    "too_many_cache_files",
    "size_unknown",
    "bad_magic",
    "version_unknown",
    "implausible_counts",
    "short_read",
    "size_changed",
    "not_readable",
};

}  // namespace

std::string_view refusalCode(Refusal refusal) { return kCodes[static_cast<std::size_t>(refusal)]; }

std::optional<Refusal> refusalFromNumber(std::uint32_t number) {
  if (number >= kRefusalCount) return std::nullopt;
  return static_cast<Refusal>(number);
}

}  // namespace gna::hami
