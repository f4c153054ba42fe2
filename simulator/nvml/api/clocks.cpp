// Clocks, performance state, why the clocks are what they are.
#include <array>

#include "../call.h"

using namespace simulator;

namespace {

using enum Attribute;

struct ClockAttributes {
  Attribute idle;
  Attribute busy;
  Attribute max;
  Attribute customerBoost;
};
/// By clock type: graphics, SM, memory, video.
constexpr std::array kClocks = {
    ClockAttributes{graphicsClockIdleMegahertz, graphicsClockBusyMegahertz, graphicsClockMaxMegahertz,
                    graphicsClockCustomerBoostMegahertz},
    ClockAttributes{smClockIdleMegahertz, smClockBusyMegahertz, smClockMaxMegahertz, smClockCustomerBoostMegahertz},
    ClockAttributes{memoryClockIdleMegahertz, memoryClockBusyMegahertz, memoryClockMaxMegahertz,
                    memoryClockCustomerBoostMegahertz},
    ClockAttributes{videoClockIdleMegahertz, videoClockBusyMegahertz, videoClockMaxMegahertz,
                    videoClockCustomerBoostMegahertz},
};

Return giveCurrent(const Call& call, unsigned type, unsigned* megahertz) {
  if (type >= kClocks.size()) return kInvalidArgument;
  return Call::give(megahertz, call.gpu.idleOrBusy(kClocks[type].idle, kClocks[type].busy, call.monotonic()));
}

Return giveReasons(const char* function, DeviceHandle device, unsigned long long* reasons) {
  return onDevice(function, device, Accepts::WholeGpus,
                  [&](const Call& call) { return Call::give(reasons, call.gpu.clocksEventReasons(call.monotonic())); });
}

Return giveSupportedReasons(const char* function, DeviceHandle device, unsigned long long* reasons) {
  return onDevice(function, device, Accepts::WholeGpus,
                  [&](const Call& call) { return call.give(reasons, clocksEventReasonsSupported); });
}

}  // namespace

NVML_API Return nvmlDeviceGetClockInfo(DeviceHandle device, unsigned type, unsigned* megahertz) {
  return onDevice(__func__, device, Accepts::WholeGpus,
                  [&](const Call& call) { return giveCurrent(call, type, megahertz); });
}

NVML_API Return nvmlDeviceGetMaxClockInfo(DeviceHandle device, unsigned type, unsigned* megahertz) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    return type < kClocks.size() ? call.give(megahertz, kClocks[type].max) : kInvalidArgument;
  });
}

NVML_API Return nvmlDeviceGetClock(DeviceHandle device, unsigned type, unsigned clockId, unsigned* megahertz) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    // 0 the current clock, 1 and 2 application clocks, which went out of use, 3 the highest the customer may set.
    switch (clockId) {
      case 0: return giveCurrent(call, type, megahertz);
      case 1:
      case 2: return kNotSupported;
      case 3: return type < kClocks.size() ? call.give(megahertz, kClocks[type].customerBoost) : kInvalidArgument;
      default: return kInvalidArgument;
    }
  });
}

NVML_API Return nvmlDeviceGetMaxCustomerBoostClock(DeviceHandle device, unsigned type, unsigned* megahertz) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    return type < kClocks.size() ? call.give(megahertz, kClocks[type].customerBoost) : kInvalidArgument;
  });
}

NVML_API Return nvmlDeviceGetCurrentClocksEventReasons(DeviceHandle device, unsigned long long* reasons) {
  return giveReasons(__func__, device, reasons);
}
NVML_API Return nvmlDeviceGetCurrentClocksThrottleReasons(DeviceHandle device, unsigned long long* reasons) {
  return giveReasons(__func__, device, reasons);
}
NVML_API Return nvmlDeviceGetSupportedClocksEventReasons(DeviceHandle device, unsigned long long* reasons) {
  return giveSupportedReasons(__func__, device, reasons);
}
NVML_API Return nvmlDeviceGetSupportedClocksThrottleReasons(DeviceHandle device, unsigned long long* reasons) {
  return giveSupportedReasons(__func__, device, reasons);
}

NVML_API Return nvmlDeviceGetPerformanceState(DeviceHandle device, unsigned* state) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    return Call::give(state, call.gpu.idleOrBusy(performanceStateIdle, performanceStateBusy, call.monotonic()));
  });
}

NVML_API Return nvmlDeviceGetPowerState(DeviceHandle device, unsigned* state) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    return Call::give(state, call.gpu.idleOrBusy(performanceStateIdle, performanceStateBusy, call.monotonic()));
  });
}
