// Where the board sits, how long it has run, and its protected memory.

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "core/nvml/gather.h"

namespace gna::nvml {

void Gather::platform() {
  if (due(Reading::platform_slot)) {
    PlatformInfo_v2 info{};
    info.version = kPlatformInfo_v2Version;
    const Return code = call(Call::DeviceGetPlatformInfo, g.handle_, &info);
    store(Reading::platform_slot, code, info.slotNumber);
    store(Reading::platform_tray, code, info.trayIndex);
    store(Reading::platform_host_id, code, info.hostId);
    store(Reading::platform_module_id, code, info.moduleId);
    auto& serial = g.record_.platform_chassis_serial;
    if (code == kSuccess) {
      // Sixteen bytes of text, not necessarily terminated.
      std::memcpy(serial, info.chassisSerialNumber, sizeof info.chassisSerialNumber);
      serial[sizeof info.chassisSerialNumber] = 0;
    } else if (isUnsupported(code)) {
      serial[0] = 0;
    }
  }
  if (due(Reading::driver_loaded_seconds_total)) {
    BBXTimeData_v1 time{};
    const Return code = call(Call::DeviceGetBBXTimeData_v1, g.handle_, &time);
    store(Reading::driver_loaded_seconds_total, code, time.timeRun);
  }
  if (due(Reading::confidential_memory_total_bytes)) {
    auto memory = unwritten<Memory>();
    Return code = call(Call::DeviceGetConfComputeProtectedMemoryUsage, g.handle_, &memory);
    // All zero = confidential computing is off: there is no such memory.
    if (code == kSuccess && memory.total == 0) code = kConfidentialOff;
    const auto most = static_cast<double>(std::min<std::uint64_t>(memory.total, kMostBytes));
    store(Reading::confidential_memory_total_bytes, code, memory.total, most);
    store(Reading::confidential_memory_used_bytes, code, memory.used, most);
    store(Reading::confidential_memory_free_bytes, code, memory.free, most);
  }
}

}  // namespace gna::nvml
