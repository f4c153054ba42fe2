// Power in milliwatts, energy in millijoules.
#include "../call.h"

using namespace simulator;

namespace {

using enum Attribute;

template <class Out>
Return giveNumber(const char* function, DeviceHandle device, Out* out, Attribute attribute) {
  return onDevice(function, device, Accepts::WholeGpus, [&](const Call& call) { return call.give(out, attribute); });
}

}  // namespace

NVML_API Return nvmlDeviceGetPowerUsage(DeviceHandle device, unsigned* milliwatts) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    const std::int64_t percent = call.gpu.load.percentAt(call.monotonic());
    return Call::give(milliwatts, call.gpu.atLoad(powerIdleMilliwatts, powerFullLoadMilliwatts, percent));
  });
}

NVML_API Return nvmlDeviceGetEnforcedPowerLimit(DeviceHandle device, unsigned* milliwatts) {
  return giveNumber(__func__, device, milliwatts, powerLimitEnforcedMilliwatts);
}
NVML_API Return nvmlDeviceGetPowerManagementLimit(DeviceHandle device, unsigned* milliwatts) {
  return giveNumber(__func__, device, milliwatts, powerLimitMilliwatts);
}
NVML_API Return nvmlDeviceGetPowerManagementDefaultLimit(DeviceHandle device, unsigned* milliwatts) {
  return giveNumber(__func__, device, milliwatts, powerLimitDefaultMilliwatts);
}
NVML_API Return nvmlDeviceGetPowerSource(DeviceHandle device, unsigned* source) {
  return giveNumber(__func__, device, source, powerSource);
}

NVML_API Return nvmlDeviceGetPowerManagementLimitConstraints(DeviceHandle device, unsigned* min, unsigned* max) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (min == nullptr || max == nullptr) return kInvalidArgument;
    const Return given = call.give(min, powerLimitMinMilliwatts);
    return given == kSuccess ? call.give(max, powerLimitMaxMilliwatts) : given;
  });
}

NVML_API Return nvmlDeviceGetTotalEnergyConsumption(DeviceHandle device, unsigned long long* millijoules) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    return Call::give(millijoules, call.gpu.counter(energyMillijoules, call.monotonic()));
  });
}
