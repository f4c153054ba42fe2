// How busy a GPU and its media engines are. Nothing here is known per MIG instance, nor of a GPU that is divided.
#include "../call.h"

using namespace simulator;

namespace {

/// Sampling period of the media engines, microseconds.
constexpr unsigned kEnginePeriodMicroseconds = 167'000;

Return giveEngine(const char* function, DeviceHandle device, unsigned* percent, unsigned* period, Attribute attribute) {
  return onDevice(function, device, Accepts::WholeGpus, [&](const Call& call) {
    if (percent == nullptr || period == nullptr) return kInvalidArgument;
    if (call.migEnabled()) return kNotSupported;
    const Return given = call.give(percent, attribute);
    if (given == kSuccess) *period = kEnginePeriodMicroseconds;
    return given;
  });
}

}  // namespace

NVML_API Return nvmlDeviceGetUtilizationRates(DeviceHandle device, Utilization* utilization) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (utilization == nullptr) return kInvalidArgument;
    const auto memoryShare = call.gpu.attributes.number(Attribute::memoryUtilizationFullLoadPercent);
    if (call.migEnabled() || !memoryShare) return kNotSupported;
    const auto percent = static_cast<unsigned>(call.gpu.load.percentAt(call.monotonic()));
    *utilization = {percent, static_cast<unsigned>(percent * *memoryShare / 100)};
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetEncoderUtilization(DeviceHandle device, unsigned* percent, unsigned* period) {
  return giveEngine(__func__, device, percent, period, Attribute::encoderUtilizationPercent);
}
NVML_API Return nvmlDeviceGetDecoderUtilization(DeviceHandle device, unsigned* percent, unsigned* period) {
  return giveEngine(__func__, device, percent, period, Attribute::decoderUtilizationPercent);
}
NVML_API Return nvmlDeviceGetJpgUtilization(DeviceHandle device, unsigned* percent, unsigned* period) {
  return giveEngine(__func__, device, percent, period, Attribute::jpegUtilizationPercent);
}
NVML_API Return nvmlDeviceGetOfaUtilization(DeviceHandle device, unsigned* percent, unsigned* period) {
  return giveEngine(__func__, device, percent, period, Attribute::ofaUtilizationPercent);
}
