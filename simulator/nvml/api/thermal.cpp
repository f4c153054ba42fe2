// Temperatures in degrees Celsius, fans.
#include "../call.h"

using namespace simulator;

namespace {

using enum Attribute;

std::optional<std::int64_t> temperatureOf(const Call& call) {
  const std::int64_t percent = call.gpu.load.percentAt(call.monotonic());
  return call.gpu.atLoad(temperatureIdleCelsius, temperatureFullLoadCelsius, percent);
}

/// Fan n turns n percent and 31 n revolutions faster than fan 0; kInvalidArgument past the last.
Return giveFan(const Call& call, unsigned fan, unsigned* out, Attribute attribute, unsigned stepPerFan) {
  if (out == nullptr) return kInvalidArgument;
  const auto fanCount = call.gpu.attributes.number(fans);
  const auto first = call.gpu.attributes.number(attribute);
  if (!fanCount || *fanCount == 0 || !first) return kNotSupported;
  if (fan >= *fanCount) return kInvalidArgument;
  *out = static_cast<unsigned>(*first + std::uint64_t{fan} * stepPerFan);
  return kSuccess;
}

constexpr unsigned kPercentPerFan = 1;
constexpr unsigned kRevolutionsPerFan = 31;

}  // namespace

NVML_API Return nvmlDeviceGetTemperature(DeviceHandle device, unsigned sensor, unsigned* celsius) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    return sensor == 0 ? Call::give(celsius, temperatureOf(call)) : kInvalidArgument;
  });
}

NVML_API Return nvmlDeviceGetTemperatureV(DeviceHandle device, Temperature* temperature) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (temperature == nullptr) return kInvalidArgument;
    if (temperature->version != versionWord<Temperature>(1)) return kVersionMismatch;
    if (temperature->sensorType != 0) return kInvalidArgument;
    return Call::give(&temperature->temperature, temperatureOf(call));
  });
}

NVML_API Return nvmlDeviceGetTemperatureThreshold(DeviceHandle device, unsigned threshold, unsigned* celsius) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    switch (threshold) {
      case 0: return call.give(celsius, thresholdShutdownCelsius);
      case 1: return call.give(celsius, thresholdSlowdownCelsius);
      case 2: return call.give(celsius, thresholdMemoryMaxCelsius);
      case 3: return call.give(celsius, thresholdGpuMaxCelsius);
      case 5: return call.give(celsius, thresholdAcousticCelsius);
      case 4:
      case 6:
      case 7: return kNotSupported;
      default: return kInvalidArgument;
    }
  });
}

NVML_API Return nvmlDeviceGetMarginTemperature(DeviceHandle device, MarginTemperature* margin) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (margin == nullptr) return kInvalidArgument;
    if (margin->version != versionWord<MarginTemperature>(1)) return kVersionMismatch;
    const auto reference = call.gpu.attributes.signedNumber(temperatureMarginReferenceCelsius);
    const auto temperature = temperatureOf(call);
    if (!reference || !temperature) return kNotSupported;
    margin->marginTemperature = static_cast<std::int32_t>(*reference - *temperature);
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetNumFans(DeviceHandle device, unsigned* count) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) { return call.give(count, fans); });
}

NVML_API Return nvmlDeviceGetFanSpeed(DeviceHandle device, unsigned* percent) {
  return onDevice(__func__, device, Accepts::WholeGpus,
                  [&](const Call& call) { return giveFan(call, 0, percent, fanSpeedPercent, kPercentPerFan); });
}

NVML_API Return nvmlDeviceGetFanSpeed_v2(DeviceHandle device, unsigned fan, unsigned* percent) {
  return onDevice(__func__, device, Accepts::WholeGpus,
                  [&](const Call& call) { return giveFan(call, fan, percent, fanSpeedPercent, kPercentPerFan); });
}

NVML_API Return nvmlDeviceGetFanSpeedRPM(DeviceHandle device, FanSpeed* fan) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (fan == nullptr) return kInvalidArgument;
    if (fan->version != versionWord<FanSpeed>(1)) return kVersionMismatch;
    return giveFan(call, fan->fan, &fan->speed, fanSpeedRevolutionsPerMinute, kRevolutionsPerFan);
  });
}

NVML_API Return nvmlDeviceGetTargetFanSpeed(DeviceHandle device, unsigned fan, unsigned* percent) {
  return onDevice(__func__, device, Accepts::WholeGpus,
                  [&](const Call& call) { return giveFan(call, fan, percent, fanTargetPercent, kPercentPerFan); });
}
