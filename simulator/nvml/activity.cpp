#include "activity.h"

#include <array>

#include "branch.h"
#include "mig_instances.h"

namespace simulator {
namespace {

using enum Attribute;

constexpr char kPercent[] = "%";
constexpr char kMebibytesPerSecond[] = "MiB/s";
constexpr double kKibibytesPerMebibyte = 1024;
constexpr double kBytesPerMebibyte = 1024.0 * 1024.0;
/// The protocol adds an eighth to the data.
constexpr double kWithProtocol = 1.125;
/// Ids from here on count on: only later branches know the ones below it that are listed apart.
constexpr std::uint32_t kOlderEnd = 100;

/// Engines of one kind: ids of the first and past the last, and how many a GPU or instance has.
struct Engines {
  std::uint32_t first;
  std::uint32_t end;
  Attribute count;
  std::uint64_t MigInstance::*ofInstance;
};
constexpr std::array kEngines = {
    Engines{30, 38, decoderEngines, &MigInstance::decoders},
    Engines{40, 48, jpegEngines, &MigInstance::jpegEngines},
    Engines{50, 52, ofaEngines, &MigInstance::ofaEngines},
    Engines{166, 170, encoderEngines, &MigInstance::encoders},
};

/// What the metric of an id shows of full load, in percent: less for each further id, so that no two are alike.
double weightOf(std::uint32_t id) { return (id < kOlderEnd ? 100.0 : 200.0) - id; }

/// The percentage of an instance is lower by five of a hundred for each GPU instance id.
double meanOf(const ActivitySpan& span) {
  const double mean = span.gpu.exactMeanPercent(span.fromNanoseconds, span.toNanoseconds);
  return span.gpuInstance ? mean * (100.0 - 5.0 * *span.gpuInstance) / 100 : mean;
}

std::optional<Metric> percent(const ActivitySpan& span, std::uint32_t id) {
  return Metric{meanOf(span) * weightOf(id) / 100, kPercent};
}

std::optional<Metric> engine(const ActivitySpan& span, const Engines& engines, std::uint32_t id) {
  std::uint64_t count = span.gpu.attributes.number(engines.count).value_or(0);
  if (span.gpuInstance) {
    const MigInstance* instance = gpuInstanceById(span.gpu, *span.gpuInstance);
    count = instance == nullptr ? 0 : instance->*engines.ofInstance;
  }
  return id - engines.first < count ? percent(span, id) : std::nullopt;
}

/// A rate at full load, in so many of which a MiB is, at the mean load.
std::optional<Metric> rate(const ActivitySpan& span, Attribute fullLoad, double perMebibyte, double factor = 1) {
  const auto most = span.gpu.attributes.number(fullLoad);
  if (!most || span.gpuInstance) return std::nullopt;
  return Metric{static_cast<double>(*most) * factor * meanOf(span) / 100 / perMebibyte, kMebibytesPerSecond};
}

std::optional<Metric> linkRate(const ActivitySpan& span, Attribute fullLoad, double links) {
  const AttributeTable& attributes = span.gpu.attributes;
  if (!attributes.number(nvlinks) || attributes.number(migMode) == 1) return std::nullopt;
  return rate(span, fullLoad, kKibibytesPerMebibyte, links);
}

std::optional<Metric> nvlinkRate(const ActivitySpan& span, std::uint32_t id) {
  const auto links = static_cast<std::uint32_t>(span.gpu.attributes.number(nvlinks).value_or(0));
  const Attribute direction =
      id % 2 == 0 ? nvlinkReceiveFullLoadKibibytesPerSecond : nvlinkTransmitFullLoadKibibytesPerSecond;
  if (id < 62) return linkRate(span, direction, links);
  return (id - 62) / 2 < links ? linkRate(span, direction, 1) : std::nullopt;
}

std::optional<Metric> c2cRate(const ActivitySpan& span, std::uint32_t id) {
  const Attribute direction =
      id % 2 == 0 ? c2cTransmitFullLoadKibibytesPerSecond : c2cReceiveFullLoadKibibytesPerSecond;
  return rate(span, direction, kKibibytesPerMebibyte, id < 102 ? kWithProtocol : 1);
}

}  // namespace

std::optional<Metric> activity(const ActivitySpan& span, std::uint32_t id) {
  if (id >= kBranch.gpmEnd || (id == 51 && !kBranch.secondOfa)) return std::nullopt;
  for (const Engines& engines : kEngines) {
    if (id >= engines.first && id < engines.end) return engine(span, engines, id);
  }
  if ((id >= 1 && id <= 7) || (id >= 9 && id <= 13)) return percent(span, id);
  if (id == 20) return rate(span, pcieTransmitFullLoadBytesPerSecond, kBytesPerMebibyte);
  if (id == 21) return rate(span, pcieReceiveFullLoadBytesPerSecond, kBytesPerMebibyte);
  if (id >= 60 && id < 98) return nvlinkRate(span, id);
  if (id >= 100 && id < 104) return c2cRate(span, id);
  return std::nullopt;
}

}  // namespace simulator
