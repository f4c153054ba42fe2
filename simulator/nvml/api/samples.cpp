// The driver's sample rings: means over periods that end at multiples of the period in monotonic time, stamped with
// the wall clock in microseconds.
#include <algorithm>
#include <optional>

#include "../call.h"

using namespace simulator;

namespace {

using enum Attribute;

constexpr std::int64_t kRingSamples = 120;
constexpr std::int64_t kNanosecondsPerMicrosecond = 1000;

/// Periods in nanoseconds.
constexpr std::int64_t kPowerPeriod = 20'000'000;
constexpr std::int64_t kUtilizationPeriod = 166'667'000;
constexpr std::int64_t kClockPeriod = 100'000'000;

enum SamplingType : unsigned {
  TotalPower,
  GpuLoad,
  MemoryLoad,
  Encoder,
  Decoder,
  ProcessorClock,
  MemoryClock,
  ModulePower,
  Jpeg,
  Ofa
};

std::int64_t periodOf(unsigned type) {
  switch (type) {
    case TotalPower: return kPowerPeriod;
    case ProcessorClock:
    case MemoryClock: return kClockPeriod;
    default: return kUtilizationPeriod;
  }
}

/// Value of the sample of a period; absent where the GPU has none of this type.
std::optional<std::uint64_t> sampleOf(const Gpu& gpu, unsigned type, std::int64_t from, std::int64_t to) {
  switch (type) {
    case TotalPower:
      return gpu.meanPowerMilliwatts(Attribute::powerIdleMilliwatts, Attribute::powerFullLoadMilliwatts, from, to);
    case GpuLoad:
      return gpu.attributes.number(memoryUtilizationFullLoadPercent) ? std::optional(gpu.meanPercent(from, to))
                                                                     : std::nullopt;
    case MemoryLoad: {
      const auto share = gpu.attributes.number(memoryUtilizationFullLoadPercent);
      return share ? std::optional(gpu.meanPercent(from, to) * *share / 100) : std::nullopt;
    }
    case Encoder: return gpu.attributes.number(encoderUtilizationPercent);
    case Decoder: return gpu.attributes.number(decoderUtilizationPercent);
    case ProcessorClock: return gpu.idleOrBusy(smClockIdleMegahertz, smClockBusyMegahertz, to);
    case MemoryClock: return gpu.idleOrBusy(memoryClockIdleMegahertz, memoryClockBusyMegahertz, to);
    case Jpeg: return gpu.attributes.number(jpegUtilizationPercent);
    case Ofa: return gpu.attributes.number(ofaUtilizationPercent);
    default: return std::nullopt;
  }
}

}  // namespace

NVML_API Return nvmlDeviceGetSamples(DeviceHandle device, unsigned type, unsigned long long lastSeenTimeStamp,
                                     ValueType* valueType, unsigned* count, Sample* samples) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (valueType == nullptr || count == nullptr || type > Ofa) return kInvalidArgument;
    const bool isLoad = type != TotalPower && type != ProcessorClock && type != MemoryClock;
    const std::int64_t period = periodOf(type);
    const Instant now = call.now();
    if ((isLoad && call.migEnabled()) ||
        !sampleOf(call.gpu, type, now.monotonicNanoseconds - period, now.monotonicNanoseconds)) {
      return kNotSupported;
    }
    *valueType = ValueType::UnsignedInt;
    const std::int64_t newest = now.monotonicNanoseconds / period;
    const std::int64_t begin = call.view.createdMonotonicNanoseconds - kHistoryNanoseconds;
    const std::int64_t oldest = std::max(newest - kRingSamples + 1, begin / period + 1);
    const std::int64_t wallClock = now.realtimeNanoseconds - now.monotonicNanoseconds;
    const auto stampOf = [&](std::int64_t place) {
      return static_cast<std::uint64_t>((place * period + wallClock) / kNanosecondsPerMicrosecond);
    };
    std::int64_t first = oldest;
    while (first <= newest && stampOf(first) <= lastSeenTimeStamp) ++first;
    if (first > newest) return kNotFound;
    const auto available = static_cast<unsigned>(newest - first + 1);
    if (samples == nullptr) {
      *count = available;
      return kSuccess;
    }
    *count = std::min(*count, available);
    for (unsigned i = 0; i < *count; ++i) {
      const std::int64_t place = first + i;
      samples[i] = {};
      samples[i].timeStamp = stampOf(place);
      samples[i].value.asUnsignedInt =
          static_cast<unsigned>(sampleOf(call.gpu, type, (place - 1) * period, place * period).value_or(0));
    }
    return kSuccess;
  });
}
