// NVLinks of a GPU; what calls and field values share.
#pragma once

#include <optional>

#include "abi.h"
#include "gpu.h"

namespace simulator {

/// Whether links may be asked about: not without NVLink, nor in MIG mode.
bool hasLinks(const Gpu& gpu);
/// Whether a link may be asked about: kNotSupported where none may, kInvalidArgument past the last.
Return checkLink(const Gpu& gpu, unsigned link);
bool isLinkActive(const Gpu& gpu, unsigned link);
/// A counter of one link: that of link 0 plus a step for each further link.
std::optional<std::uint64_t> linkCounter(const Gpu& gpu, Attribute attribute, unsigned link, std::int64_t nanoseconds);
/// The same, summed over all links.
std::optional<std::uint64_t> allLinksCounter(const Gpu& gpu, Attribute attribute, std::int64_t nanoseconds);

}  // namespace simulator
