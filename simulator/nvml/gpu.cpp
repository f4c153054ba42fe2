#include "gpu.h"

#include <array>

namespace simulator {
namespace {

using enum Attribute;

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::uint64_t kBytesPerPacket = 256;
constexpr std::uint64_t kGpuIdle = 0x1;
constexpr std::uint64_t kSwPowerCap = 0x4;

/// Throttle counters whose bit is set by hand rather than by the load.
struct ThrottleBit {
  Attribute counter;
  std::uint64_t bit;
};
constexpr std::array kThrottleBits = {
    ThrottleBit{throttleSyncBoostNanoseconds, 0x10},
    ThrottleBit{throttleSwThermalNanoseconds, 0x20},
    ThrottleBit{throttleHwThermalNanoseconds, 0x40},
    ThrottleBit{throttlePowerBrakeNanoseconds, 0x80},
};

constexpr std::array kGrowing = {
    energyMillijoules,
    memoryEnergyMillijoules,
    moduleEnergyMillijoules,
    throttlePowerCapNanoseconds,
    throttleSyncBoostNanoseconds,
    throttleSwThermalNanoseconds,
    throttleHwThermalNanoseconds,
    throttlePowerBrakeNanoseconds,
    pcieTransmittedBytes,
    pcieReceivedBytes,
    nvlinkDataTransmittedKibibytes,
    nvlinkDataReceivedKibibytes,
    nvlinkTransmittedBytes,
    nvlinkReceivedBytes,
    nvlinkTransmittedPackets,
    nvlinkReceivedPackets,
};

std::int64_t floorDivide(std::int64_t dividend, std::int64_t divisor) {
  const std::int64_t quotient = dividend / divisor;
  return dividend % divisor < 0 ? quotient - 1 : quotient;
}

}  // namespace

std::optional<std::int64_t> Gpu::atLoad(Attribute idle, Attribute fullLoad, std::int64_t percent) const {
  const auto low = attributes.signedNumber(idle);
  const auto high = attributes.signedNumber(fullLoad);
  if (!low || !high) return std::nullopt;
  return *low + floorDivide((*high - *low) * percent, 100);
}

std::optional<std::uint64_t> Gpu::idleOrBusy(Attribute idle, Attribute busy, std::int64_t nanoseconds) const {
  return attributes.number(load.percentAt(nanoseconds) > 0 ? busy : idle);
}

std::optional<std::uint64_t> Gpu::clocksEventReasons(std::int64_t nanoseconds) const {
  const auto byHand = attributes.number(Attribute::clocksEventReasons);
  if (!byHand) return std::nullopt;
  const std::int64_t percent = load.percentAt(nanoseconds);
  const auto capFrom = attributes.signedNumber(powerCapFromPercent);
  std::uint64_t bits = *byHand;
  if (percent == 0) bits |= kGpuIdle;
  if (capFrom && percent >= *capFrom) bits |= kSwPowerCap;
  return bits;
}

std::optional<std::uint64_t> Gpu::counter(Attribute attribute, std::int64_t nanoseconds) const {
  const AttributeValue& value = attributes[attribute];
  if (!value.present) return std::nullopt;
  return value.number + growth(attribute, value.setAtNanoseconds, nanoseconds);
}

std::optional<std::uint64_t> Gpu::meanPowerMilliwatts(Attribute idle, Attribute fullLoad, std::int64_t from,
                                                      std::int64_t to) const {
  const auto low = attributes.signedNumber(idle);
  const auto high = attributes.signedNumber(fullLoad);
  if (!low || !high || to <= from) return std::nullopt;
  const auto weight = [&](std::int64_t percent) { return *low * 100 + (*high - *low) * percent; };
  return static_cast<std::uint64_t>(load.integral(from, to, weight) / 100 / (to - from));
}

std::uint64_t Gpu::meanPercent(std::int64_t from, std::int64_t to) const {
  if (to <= from) return 0;
  return static_cast<std::uint64_t>(load.integral(from, to, [](std::int64_t percent) { return percent; }) /
                                    (to - from));
}

double Gpu::exactMeanPercent(std::int64_t from, std::int64_t to) const {
  if (to <= from) return 0;
  return static_cast<double>(load.integral(from, to, [](std::int64_t percent) { return percent; })) /
         static_cast<double>(to - from);
}

void Gpu::settleCounters(std::int64_t nanoseconds) {
  for (const Attribute attribute : kGrowing) {
    const auto grown = counter(attribute, nanoseconds);
    if (!grown) continue;
    attributes[attribute].number = *grown;
    attributes[attribute].setAtNanoseconds = nanoseconds;
  }
}

std::uint64_t Gpu::growth(Attribute attribute, std::int64_t from, std::int64_t to) const {
  if (to <= from) return 0;
  switch (attribute) {
    case energyMillijoules: return energyGrowth(powerIdleMilliwatts, powerFullLoadMilliwatts, from, to);
    case moduleEnergyMillijoules:
      return energyGrowth(modulePowerIdleMilliwatts, modulePowerFullLoadMilliwatts, from, to);
    case memoryEnergyMillijoules:
      return energyGrowth(memoryPowerAverageMilliwatts, memoryPowerAverageMilliwatts, from, to);
    case throttlePowerCapNanoseconds: {
      const auto capFrom = attributes.signedNumber(powerCapFromPercent);
      if (!capFrom) return 0;
      const auto weight = [&](std::int64_t percent) { return std::int64_t{percent >= *capFrom}; };
      return static_cast<std::uint64_t>(load.integral(from, to, weight));
    }
    case pcieTransmittedBytes: return ratedGrowth(pcieTransmitFullLoadBytesPerSecond, from, to);
    case pcieReceivedBytes: return ratedGrowth(pcieReceiveFullLoadBytesPerSecond, from, to);
    case nvlinkDataTransmittedKibibytes: return ratedGrowth(nvlinkTransmitFullLoadKibibytesPerSecond, from, to);
    case nvlinkDataReceivedKibibytes: return ratedGrowth(nvlinkReceiveFullLoadKibibytesPerSecond, from, to);
    case nvlinkTransmittedBytes: return linkBytesGrowth(nvlinkTransmitFullLoadKibibytesPerSecond, from, to);
    case nvlinkReceivedBytes: return linkBytesGrowth(nvlinkReceiveFullLoadKibibytesPerSecond, from, to);
    case nvlinkTransmittedPackets:
      return linkBytesGrowth(nvlinkTransmitFullLoadKibibytesPerSecond, from, to) / kBytesPerPacket;
    case nvlinkReceivedPackets:
      return linkBytesGrowth(nvlinkReceiveFullLoadKibibytesPerSecond, from, to) / kBytesPerPacket;
    default: break;
  }
  const std::uint64_t bits = attributes.number(Attribute::clocksEventReasons).value_or(0);
  for (const ThrottleBit& throttle : kThrottleBits) {
    if (throttle.counter == attribute && (bits & throttle.bit) != 0) return static_cast<std::uint64_t>(to - from);
  }
  return 0;
}

std::uint64_t Gpu::energyGrowth(Attribute idle, Attribute fullLoad, std::int64_t from, std::int64_t to) const {
  const auto low = attributes.signedNumber(idle).value_or(0);
  const auto high = attributes.signedNumber(fullLoad).value_or(low);
  const auto weight = [&](std::int64_t percent) { return low * 100 + (high - low) * percent; };
  return static_cast<std::uint64_t>(load.integral(from, to, weight) / 100 / kNanosecondsPerSecond);
}

std::uint64_t Gpu::linkBytesGrowth(Attribute rate, std::int64_t from, std::int64_t to) const {
  const auto perSecond = attributes.signedNumber(rate).value_or(0);
  // 1024 bytes and an eighth of them.
  const auto weight = [&](std::int64_t percent) { return perSecond * 1152 * percent; };
  return static_cast<std::uint64_t>(load.integral(from, to, weight) / 100 / kNanosecondsPerSecond);
}

std::uint64_t Gpu::ratedGrowth(Attribute rate, std::int64_t from, std::int64_t to) const {
  const auto perSecond = attributes.signedNumber(rate).value_or(0);
  const auto weight = [&](std::int64_t percent) { return perSecond * percent; };
  return static_cast<std::uint64_t>(load.integral(from, to, weight) / 100 / kNanosecondsPerSecond);
}

}  // namespace simulator
