#include "nvlinks.h"

namespace simulator {
namespace {

using enum Attribute;

/// What link n has more than link n - 1, so that links differ.
std::uint64_t stepPerLink(Attribute attribute) {
  return attribute == nvlinkDataTransmittedKibibytes || attribute == nvlinkDataReceivedKibibytes ? 1009 : 1;
}

}  // namespace

bool hasLinks(const Gpu& gpu) { return gpu.attributes.number(nvlinks) && gpu.attributes.number(migMode) != 1; }

Return checkLink(const Gpu& gpu, unsigned link) {
  if (!hasLinks(gpu)) return kNotSupported;
  return link < gpu.attributes.number(nvlinks) ? kSuccess : kInvalidArgument;
}

bool isLinkActive(const Gpu& gpu, unsigned link) {
  return (gpu.attributes.number(nvlinksActive).value_or(0) >> link & 1U) != 0;
}

std::optional<std::uint64_t> linkCounter(const Gpu& gpu, Attribute attribute, unsigned link, std::int64_t nanoseconds) {
  const auto first = gpu.counter(attribute, nanoseconds);
  return first ? std::optional(*first + link * stepPerLink(attribute)) : std::nullopt;
}

std::optional<std::uint64_t> allLinksCounter(const Gpu& gpu, Attribute attribute, std::int64_t nanoseconds) {
  const auto first = gpu.counter(attribute, nanoseconds);
  const std::uint64_t count = gpu.attributes.number(nvlinks).value_or(0);
  if (!first || !hasLinks(gpu) || count == 0) return std::nullopt;
  return count * *first + stepPerLink(attribute) * (count * (count - 1) / 2);
}

}  // namespace simulator
