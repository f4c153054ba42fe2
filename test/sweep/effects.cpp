#include "effects.h"

#include <fnmatch.h>

#include <cctype>
#include <string_view>
#include <unordered_map>

#include "snapshot.h"

namespace gna::sweep {

namespace {

using enum Then;
constexpr auto ofOlder = Instead::ofOlder;
constexpr auto ofUnsupported = Instead::ofUnsupported;
constexpr auto nothing = Instead::nothing;
constexpr auto passing = Keeps::passing;
constexpr auto butUnsupported = Keeps::butUnsupported;
constexpr auto keepsNothing = Keeps::nothing;

struct Row {
  const char* cause;
  const char* paths;   // with * for any characters
  const char* origin;  // beginning of the origin; empty = any
  Effect effect;
};

// The first row that fits counts. Without one, a reading is gone with the function, field or metric of its origin.
constexpr Row kRows[] = {
    // Identity
    {"nvmlDeviceGetUUID", "text/uuid", "", {quiet, nothing, butUnsupported}},
    {"nvmlDeviceGetUUID", "mig_devices", "", {gone, nothing, passing}},
    // Of a GPU that is not divided the instances have no UUIDs that could be missed.
    {"nvmlDeviceGetUUID", "mig_reconfigurations_total", "", {may}},
    {"nvmlDeviceGetUUID", "mig/*", "", {quiet, nothing, passing}},
    {"nvmlDeviceGetName", "text/name", "", {quiet, nothing, butUnsupported}},
    {"nvmlDeviceGetName", "mig/*/text/name", "", {quiet, nothing, passing}},
    {"nvmlDeviceGetSerial", "text/serial", "", {quiet, nothing, butUnsupported}},
    {"nvmlDeviceGetVbiosVersion", "text/vbios_version", "", {quiet, nothing, butUnsupported}},
    {"nvmlDeviceGetBoardPartNumber", "text/board_part_number", "", {quiet, nothing, butUnsupported}},
    {"nvmlDeviceGetInforomImageVersion", "text/inforom_image_version", "", {quiet, nothing, butUnsupported}},
    {"nvmlDeviceGetGspFirmwareVersion", "text/gsp_firmware_version", "", {quiet, nothing, butUnsupported}},
    // Where a GPU stands does not change under a handle: its address stays known.
    {"nvmlDeviceGetPciInfo_v3", "text/pci_bus_id", "", {quiet, ofOlder, Keeps::always}},
    {"nvmlDeviceGetPciInfo_v2", "text/pci_bus_id", "", {quiet, ofOlder, Keeps::always}},
    {"nvmlDeviceGetPciInfo", "text/pci_bus_id", "", {quiet, nothing, Keeps::always}},
    {"nvmlDeviceGetPlatformInfo", "text/platform_chassis_serial", "", {quiet, nothing, butUnsupported}},
    // Which field counts NVLink's errors depends on the architecture.
    {"nvmlDeviceGetArchitecture", "nvlink_*_errors_total", "FI 16", {may}},
    {"FI 161", "nvlink_replay_errors_total", "", {may}},
    {"FI 162", "nvlink_recovery_errors_total", "", {may}},
    {"FI 163", "nvlink_crc_flit_errors_total", "", {may}},
    {"FI 52", "nvlink_replay_errors_total", "", {may}},
    {"FI 59", "nvlink_recovery_errors_total", "", {may}},
    {"FI 38", "nvlink_crc_flit_errors_total", "", {may}},
    // Memory: the first version does not tell what is reserved and counts it as used.
    {"nvmlDeviceGetMemoryInfo_v2", "memory_reserved_bytes", "", {gone}},
    {"nvmlDeviceGetMemoryInfo_v2", "memory_*_bytes", "", {gone, ofUnsupported}},
    {"nvmlDeviceGetMemoryInfo_v2", "mig/*/memory_reserved_bytes", "", {gone}},
    {"nvmlDeviceGetMemoryInfo_v2", "mig/*/memory_*_bytes", "", {gone, ofOlder}},
    {"nvmlDeviceGetMemoryInfo", "memory_*_bytes", "nvmlDeviceGetMemoryInfo_v2", {gone}},
    {"nvmlDeviceGetMemoryInfo", "mig/*/memory_*_bytes", "nvmlDeviceGetMemoryInfo_v2", {gone}},
    // Utilisation: 6 and 21 are "nothing newer"; the totals stand.
    {"nvmlDeviceGetSamples", "*_seconds_total", "nvmlDeviceGetSamples", {gone, nothing, keepsNothing, {6, 21}}},
    {"nvmlDeviceGetSamples", "utilization_*_ratio", "nvmlDeviceGetSamples", {quiet}},
    // Older names and shapes
    {"nvmlDeviceGetCurrentClocksEventReasons", "clocks_event_reasons", "", {gone, ofOlder}},
    {"nvmlDeviceGetCurrentClocksThrottleReasons", "clocks_event_reasons", "", {gone}},
    {"nvmlDeviceGetTemperatureV", "temperature_celsius", "", {gone, ofUnsupported}},
    {"nvmlDeviceGetTemperature", "temperature_celsius", "", {gone}},
    // Fabric
    {"nvmlDeviceGetGpuFabricInfoV", "fabric_health_*", "", {gone}},
    {"nvmlDeviceGetGpuFabricInfoV", "fabric_*", "", {gone, ofOlder}},
    {"nvmlDeviceGetGpuFabricInfoV", "text/fabric_cluster_uuid", "", {quiet, ofOlder, butUnsupported}},
    {"nvmlDeviceGetGpuFabricInfo", "fabric_health_*", "", {same}},
    {"nvmlDeviceGetGpuFabricInfo", "fabric_*", "", {gone}},
    {"nvmlDeviceGetGpuFabricInfo", "text/fabric_cluster_uuid", "", {quiet, nothing, butUnsupported}},
    // Fans: before they could be counted there was one or none, and only the first had a speed.
    {"nvmlDeviceGetNumFans", "fan/0*", "", {quiet, ofOlder, passing}},
    {"nvmlDeviceGetNumFans", "fan/*", "", {quiet, nothing, passing}},
    {"nvmlDeviceGetFanSpeed_v2", "fan/0/speed_ratio", "", {gone, ofOlder}},
    // Asked for the number of fans, for the speed of the first, or both.
    {"nvmlDeviceGetFanSpeed", "fan/0*", "", {may}},
    // Links stand and fall with their number.
    {"nvmlDeviceGetFieldValues", "link/*", "", {quiet}},
    {"nvmlDeviceGetFieldValues", "c2c/*", "", {quiet}},
    {"FI 91", "link/*", "", {quiet}},
    {"FI 170", "c2c/*", "", {quiet}},
    {"FI 165", "link/*/state", "", {gone, ofUnsupported}},
    {"FI 166", "link/*/version", "", {may}},  // the older function is asked for any reason
    {"nvmlDeviceGetNvLinkRemotePciInfo_v2", "link/*/text/remote_pci_bus_id", "", {quiet, nothing, passing}},
    // Activity
    {"nvmlGpmQueryDeviceSupport", "*", "GPM", {gone}},
    {"nvmlGpmSampleAlloc", "*", "GPM", {gone}},
    {"nvmlGpmSampleGet", "mig/*", "GPM", {same}},
    {"nvmlGpmSampleGet", "*", "GPM", {gone}},
    {"nvmlGpmMigSampleGet", "mig/*", "GPM", {gone}},
    {"nvmlGpmMetricsGet", "*", "GPM", {gone}},
    // MIG
    {"nvmlDeviceGetMigMode", "mig_mode_*", "", {gone, nothing, passing}},
    {"nvmlDeviceGetMigMode", "mig_devices_max", "", {quiet, nothing, passing}},
    {"nvmlDeviceGetMigMode", "mig_devices", "", {quiet, nothing, passing}},
    {"nvmlDeviceGetMigMode", "mig_reconfigurations_total", "", {gone, nothing, passing}},
    {"nvmlDeviceGetMigMode", "mig/*", "", {quiet, nothing, passing}},
    {"nvmlDeviceGetMigMode", "profile/*", "", {quiet, nothing, passing}},
    {"nvmlDeviceGetMaxMigDeviceCount", "mig_devices_max", "", {gone, nothing, passing}},
    {"nvmlDeviceGetMaxMigDeviceCount", "mig_devices", "", {gone, nothing, passing}},
    {"nvmlDeviceGetMaxMigDeviceCount", "mig_reconfigurations_total", "", {gone, nothing, passing}},
    {"nvmlDeviceGetMaxMigDeviceCount", "mig/*", "", {quiet, nothing, passing}},
    // 6 is an empty slot: there are fewer, and that counts as another division.
    {"nvmlDeviceGetMigDeviceHandleByIndex", "mig_devices", "", {gone, nothing, Keeps::butEmptySlot, {6}}},
    {"nvmlDeviceGetMigDeviceHandleByIndex",
     "mig_reconfigurations_total",
     "",
     {gone, nothing, Keeps::butEmptySlot, {6}}},
    {"nvmlDeviceGetMigDeviceHandleByIndex", "mig/*", "", {quiet, nothing, Keeps::butEmptySlot}},
    {"nvmlDeviceGetGpuInstanceId", "mig/*/ids", "", {gone, nothing, passing}},
    {"nvmlDeviceGetGpuInstanceId", "mig/*/p*", "nvmlGpuInstanceGetInfo", {quiet, nothing, passing}},
    {"nvmlDeviceGetGpuInstanceId", "mig/*/profile_id", "", {quiet, nothing, passing}},
    {"nvmlDeviceGetGpuInstanceId", "mig/*", "GPM", {quiet, nothing, passing}},
    {"nvmlDeviceGetComputeInstanceId", "mig/*/ids", "", {gone, nothing, passing}},
    {"nvmlDeviceGetComputeInstanceId", "mig/*/p*", "nvmlGpuInstanceGetInfo", {quiet, nothing, passing}},
    {"nvmlDeviceGetComputeInstanceId", "mig/*/profile_id", "", {quiet, nothing, passing}},
    {"nvmlDeviceGetComputeInstanceId", "mig/*", "GPM", {quiet, nothing, passing}},
    {"nvmlDeviceGetGpuInstanceById", "mig/*/p*", "nvmlGpuInstanceGetInfo", {gone}},
    {"nvmlDeviceGetGpuInstanceById", "mig/*/profile_id", "", {gone}},
    {"nvmlGpuInstanceGetInfo", "mig/*/profile_id", "", {gone}},
    {"nvmlDeviceGetAttributes_v2", "mig/*/*_slices", "", {gone}},
    {"nvmlDeviceGetAttributes_v2", "mig/*", "nvmlDeviceGetAttributes_v2", {gone, ofOlder}},
    {"nvmlDeviceGetAttributes", "mig/*/*_slices", "", {same}},
    {"nvmlDeviceGetAttributes", "mig/*", "nvmlDeviceGetAttributes_v2", {gone}},
    // What a GPU offers does not change while it is in MIG mode.
    {"nvmlDeviceGetGpuInstanceProfileInfoV", "profile/*/text/name", "", {quiet, nothing, passing}},
    {"nvmlDeviceGetGpuInstanceProfileInfoV", "profile/*", "", {quiet, ofOlder, passing}},
    {"nvmlDeviceGetGpuInstanceProfileInfo", "profile/*", "", {quiet, nothing, passing}},
    {"nvmlDeviceGetGpuInstanceRemainingCapacity", "profile/*/available", "", {gone}},
    // Processes: 6 is "none".
    {"nvmlDeviceGetComputeRunningProcesses_v3", "compute_processes", "", {gone, ofOlder, keepsNothing, {6}}},
    {"nvmlDeviceGetComputeRunningProcesses_v2", "compute_processes", "", {gone, ofOlder, keepsNothing, {6}}},
    {"nvmlDeviceGetComputeRunningProcesses", "compute_processes", "", {gone, nothing, keepsNothing, {6}}},
    {"nvmlDeviceGetGraphicsRunningProcesses_v3", "graphics_processes", "", {gone, ofOlder, keepsNothing, {6}}},
    {"nvmlDeviceGetGraphicsRunningProcesses_v2", "graphics_processes", "", {gone, ofOlder, keepsNothing, {6}}},
    {"nvmlDeviceGetGraphicsRunningProcesses", "graphics_processes", "", {gone, nothing, keepsNothing, {6}}},
    {"nvmlDeviceGetMPSComputeRunningProcesses_v3", "mps_processes", "", {gone, ofOlder, keepsNothing, {6}}},
    {"nvmlDeviceGetMPSComputeRunningProcesses_v2", "mps_processes", "", {gone, ofOlder, keepsNothing, {6}}},
    {"nvmlDeviceGetMPSComputeRunningProcesses", "mps_processes", "", {gone, nothing, keepsNothing, {6}}},
    {"nvmlDeviceGetComputeRunningProcesses", "process/compute/*", "", {quiet}},
    {"nvmlDeviceGetComputeRunningProcesses_v?", "process/compute/*", "", {quiet, ofOlder}},
    {"nvmlDeviceGetGraphicsRunningProcesses", "process/graphics/*", "", {quiet}},
    {"nvmlDeviceGetGraphicsRunningProcesses_v?", "process/graphics/*", "", {quiet, ofOlder}},
    {"nvmlDeviceGetMPSComputeRunningProcesses", "process/mps/*", "", {quiet}},
    {"nvmlDeviceGetMPSComputeRunningProcesses_v?", "process/mps/*", "", {quiet, ofOlder}},
    // Only of a process that is listed it is said what it used.
    {"nvmlDeviceGet*RunningProcesses*", "use/*", "", {may}},
    {"nvmlDeviceGet*RunningProcesses*", "process_utilization_samples", "", {may}},
    {"nvmlDeviceGetProcessesUtilizationInfo",
     "process_utilization_samples",
     "",
     {gone, ofOlder, keepsNothing, {6, 21}}},
    {"nvmlDeviceGetProcessesUtilizationInfo", "use/*", "", {quiet, ofOlder}},
    {"nvmlDeviceGetProcessUtilization", "process_utilization_samples", "", {gone, nothing, keepsNothing, {6, 21}}},
    {"nvmlDeviceGetProcessUtilization", "use/*", "", {quiet}},
};

struct Purpose {
  const char* call;
  const char* why;
};

constexpr Purpose kPurposes[] = {
    {"nvmlDeviceGetHandleByIndex_v2", "every call of the GPU needs it"},
    {"nvmlDeviceGetHandleByIndex", "every call of the GPU needs it"},
    {"nvmlGpmSampleFree", "gives back what was allocated"},
};

bool fits(const char* pattern, const std::string& text) { return fnmatch(pattern, text.c_str(), 0) == 0; }

/// Whether an origin names the cause: as a word of its own, `FI 16` is not in `FI 165`.
bool names(const std::string& origin, const std::string& cause) {
  for (std::size_t at = origin.find(cause); at != std::string::npos; at = origin.find(cause, at + 1)) {
    const auto isWord = [&](std::size_t i) {
      return i < origin.size() && (std::isalnum(static_cast<unsigned char>(origin[i])) != 0 || origin[i] == '_');
    };
    if (!isWord(at + cause.size()) && (at == 0 || !isWord(at - 1))) return true;
  }
  // Drivers from 575 to 589 number three fields differently; the origin has that in brackets.
  return cause.starts_with("FI ") && origin.find(" (575-589: " + cause.substr(3) + ")") != std::string::npos;
}

Effect find(const std::string& path, const std::string& origin, const Cause& cause) {
  const std::string name = cause.name();
  for (const Row& row : kRows)
    if (fits(row.cause, name) && fits(row.paths, path) && origin.starts_with(row.origin)) return row.effect;
  if (origin.empty()) return {};
  if (names(origin, name)) return {gone};
  if (cause.call == nvml::Call::DeviceGetFieldValues && cause.entry == 0 && origin.starts_with("FI ")) return {gone};
  return {};
}

}  // namespace

Effect effectOn(const std::string& path, const Cause& cause) {
  static std::unordered_map<std::string, Effect> known;
  const std::string key = cause.name() + "\n" + path;
  const auto found = known.find(key);
  return found != known.end() ? found->second : known.emplace(key, find(path, originOf(path), cause)).first->second;
}

bool hasEffect(const Cause& cause) {
  const std::string name = cause.name();
  for (const Row& row : kRows)
    if (fits(row.cause, name)) return true;
  for (const Purpose& purpose : kPurposes)
    if (name == purpose.call) return true;
  return isOrigin([&](const std::string& origin) { return names(origin, name); });
}

}  // namespace gna::sweep
