#pragma once
// How a capture asks each call of calls.def: about what, with which arguments, and what comes back. Every call has at
// least one row here or the build fails, so a new call cannot escape the capture.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "core/nvml/abi.h"
#include "core/nvml/call_table.h"

namespace gna::capture {

/// What a row is asked about.
enum class Subject : std::uint8_t {
  notAsked,  // never asked: it changes something, or it is not a function of the library
  ownWay,    // needs more than arguments and buffers: asked by code of its own
  node,
  gpu,
  gpuAndMig,    // the GPU, and each of its MIG instances
  mig,          // each MIG instance
  link,         // each NVLink: its number is the second parameter
  fan,          // each fan: its number is the second parameter
  gpuInstance,  // each GPU instance
  pair,         // the GPU and each of the others
};

/// One parameter of a call, after the handle that stands for the subject.
struct Parameter {
  enum class Kind : std::uint8_t {
    none,
    choice,      // a number from 0 to `choices` - 1
    number,      // the number of the link or fan
    peer,        // the handle of the other GPU; stands in a line as its index
    out,         // memory of `bytes`
    text,        // memory of `bytes` and, as the next parameter, its length
    textAlone,   // memory of `bytes` whose length the callee knows
    structure,   // memory of `bytes` that begins with `version`
    structureOf  // the same, with the number of the fan or a choice in the second word
  };
  Kind kind = Kind::none;
  std::uint16_t bytes = 0;
  std::uint16_t choices = 0;
  std::uint16_t hidden = 0;  // bytes at the front that are an address in this process
  std::uint32_t version = 0;
};

constexpr Parameter choice(std::uint16_t choices) { return {.kind = Parameter::Kind::choice, .choices = choices}; }
constexpr Parameter peer() { return {.kind = Parameter::Kind::peer}; }
constexpr Parameter number() { return {.kind = Parameter::Kind::number}; }
template <typename T>
constexpr Parameter out(std::uint16_t hidden = 0) {
  return {.kind = Parameter::Kind::out, .bytes = sizeof(T), .hidden = hidden};
}
constexpr Parameter text(std::uint16_t bytes) { return {.kind = Parameter::Kind::text, .bytes = bytes}; }
constexpr Parameter textAlone(std::uint16_t bytes) { return {.kind = Parameter::Kind::textAlone, .bytes = bytes}; }
template <typename T>
constexpr Parameter structure(std::uint32_t version) {
  return {.kind = Parameter::Kind::structure, .bytes = sizeof(T), .version = version};
}
template <typename T>
constexpr Parameter structureOf(std::uint32_t version, std::uint16_t choices = 0) {
  return {.kind = Parameter::Kind::structureOf, .bytes = sizeof(T), .choices = choices, .version = version};
}

inline constexpr std::size_t kMostParameters = 4;

struct Recipe {
  nvml::Call call;
  Subject subject;
  std::array<Parameter, kMostParameters> parameters{};
  const char* why = nullptr;  // of notAsked
};

namespace table {

using namespace nvml;
using enum nvml::Call;
using enum Subject;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

// What older versions of two structures fill: they end before members that were added.
struct FabricInfo_v2 {
  char bytes[36];
};
struct Attributes_v1 {
  char bytes[24];
};

inline constexpr std::uint16_t kAddressBytes = sizeof(void*);

inline constexpr const char* kLifecycle = "begins or ends the use of the driver";
inline constexpr const char* kLookUp = "finds by an address what was found by its index";
inline constexpr const char* kEvents = "registers for events";
inline constexpr const char* kNoFunction = "not a function of the library";

inline constexpr Recipe kRecipes[] = {
    {InitWithFlags, ownWay},
    {Init_v2, ownWay},
    {Init, ownWay},
    {Shutdown, notAsked, {}, kLifecycle},
    {SystemGetDriverVersion, node, {text(kSystemDriverVersionBufferSize)}},
    {SystemGetNVMLVersion, node, {text(kSystemNvmlVersionBufferSize)}},
    {SystemGetCudaDriverVersion_v2, node, {out<u32>()}},
    {SystemGetCudaDriverVersion, node, {out<u32>()}},
    {SystemGetConfComputeCapabilities, node, {out<ConfComputeSystemCaps>()}},
    {SystemGetConfComputeState, node, {out<ConfComputeSystemState>()}},
    {SystemGetConfComputeSettings,
     node,
     {structure<SystemConfComputeSettings_v1>(kSystemConfComputeSettings_v1Version)}},
    {SystemGetConfComputeGpusReadyState, node, {out<u32>()}},
    {SystemGetConfComputeKeyRotationThresholdInfo,
     node,
     {structure<ConfComputeGetKeyRotationThresholdInfo_v1>(kConfComputeGetKeyRotationThresholdInfo_v1Version)}},
    {DeviceGetCount_v2, node, {out<u32>()}},
    {DeviceGetCount, node, {out<u32>()}},
    {DeviceGetHandleByIndex_v2, ownWay},
    {DeviceGetHandleByIndex, ownWay},
    {DeviceGetHandleByPciBusId_v2, notAsked, {}, kLookUp},
    // Identity and configuration
    {DeviceGetUUID, gpuAndMig, {text(kDeviceUuidV2BufferSize)}},
    {DeviceGetName, gpuAndMig, {text(kDeviceNameV2BufferSize)}},
    {DeviceGetSerial, gpu, {text(kDeviceSerialBufferSize)}},
    {DeviceGetVbiosVersion, gpu, {text(kDeviceVbiosVersionBufferSize)}},
    {DeviceGetBoardPartNumber, gpu, {text(kDevicePartNumberBufferSize)}},
    {DeviceGetInforomImageVersion, gpu, {text(kDeviceInforomVersionBufferSize)}},
    {DeviceGetGspFirmwareVersion, gpu, {textAlone(kGspFirmwareVersionBufferSize)}},
    {DeviceGetMinorNumber, gpu, {out<u32>()}},
    {DeviceGetBrand, gpu, {out<u32>()}},
    {DeviceGetArchitecture, gpu, {out<u32>()}},
    {DeviceGetCudaComputeCapability, gpu, {out<u32>(), out<u32>()}},
    {DeviceGetNumGpuCores, gpu, {out<u32>()}},
    {DeviceGetModuleId, gpu, {out<u32>()}},
    {DeviceGetNumaNodeId, gpu, {out<u32>()}},
    {DeviceGetPciInfo_v3, gpu, {out<PciInfo>()}},
    {DeviceGetPciInfo_v2, gpu, {out<PciInfo>()}},
    {DeviceGetPciInfo, gpu, {out<PciInfo>()}},
    {DeviceGetVirtualizationMode, gpu, {out<u32>()}},
    {DeviceGetPersistenceMode, gpu, {out<u32>()}},
    {DeviceGetComputeMode, gpu, {out<u32>()}},
    {DeviceGetDisplayActive, gpu, {out<u32>()}},
    {DeviceGetMemoryBusWidth, gpu, {out<u32>()}},
    {DeviceGetMaxClockInfo, gpu, {choice(4), out<u32>()}},
    {DeviceGetPowerManagementDefaultLimit, gpu, {out<u32>()}},
    {DeviceGetPowerManagementLimitConstraints, gpu, {out<u32>(), out<u32>()}},
    {DeviceGetTemperatureThreshold, gpu, {choice(8), out<u32>()}},
    {DeviceGetMaxPcieLinkGeneration, gpu, {out<u32>()}},
    {DeviceGetMaxPcieLinkWidth, gpu, {out<u32>()}},
    {DeviceGetEccMode, gpu, {out<u32>(), out<u32>()}},
    {DeviceGetAccountingMode, gpu, {out<u32>()}},
    {DeviceGetPlatformInfo, gpu, {structure<PlatformInfo_v2>(kPlatformInfo_v2Version)}},
    {DeviceGetGpuMaxPcieLinkGeneration, gpu, {out<u32>()}},
    {DeviceGetMaxCustomerBoostClock, gpu, {choice(4), out<u32>()}},
    {DeviceGetDramEncryptionMode,
     gpu,
     {structure<DramEncryptionInfo_v1>(kDramEncryptionInfo_v1Version),
      structure<DramEncryptionInfo_v1>(kDramEncryptionInfo_v1Version)}},
    {DeviceGetNumFans, gpu, {out<u32>()}},
    {DeviceGetNvLinkVersion, link, {number(), out<u32>()}},
    {DeviceGetNvLinkRemoteDeviceType, link, {number(), out<u32>()}},
    {DeviceGetNvLinkRemotePciInfo_v2, link, {number(), out<PciInfo>()}},
    {DeviceGetTopologyCommonAncestor, pair, {peer(), out<u32>()}},
    {DeviceGetP2PStatus, pair, {peer(), choice(5), out<u32>()}},
    {GpmQueryDeviceSupport, gpu, {structure<GpmSupport>(kGpmVersion)}},
    {GpmSampleAlloc, ownWay},
    {GpmSampleFree, ownWay},
    // Once a minute
    {DeviceGetEnforcedPowerLimit, gpu, {out<u32>()}},
    {DeviceGetPowerManagementLimit, gpu, {out<u32>()}},
    {DeviceGetPowerSource, gpu, {out<u32>()}},
    {DeviceGetTotalEccErrors, gpuAndMig, {choice(2), choice(2), out<u64>()}},
    {DeviceGetMigMode, gpu, {out<u32>(), out<u32>()}},
    {DeviceGetMaxMigDeviceCount, gpu, {out<u32>()}},
    {DeviceGetMigDeviceHandleByIndex, ownWay},
    {DeviceGetGpuInstanceId, mig, {out<u32>()}},
    {DeviceGetComputeInstanceId, mig, {out<u32>()}},
    {DeviceGetGpuInstanceById, ownWay},
    {GpuInstanceGetInfo, gpuInstance, {out<GpuInstanceInfo>(kAddressBytes)}},
    {DeviceGetGpuInstanceProfileInfoV,
     gpu,
     {choice(kGpuInstanceProfileCount), structure<GpuInstanceProfileInfo_v3>(kGpuInstanceProfileInfo_v3Version)}},
    {DeviceGetGpuInstanceProfileInfoV,
     gpu,
     {choice(kGpuInstanceProfileCount), structure<GpuInstanceProfileInfo_v2>(kGpuInstanceProfileInfo_v2Version)}},
    {DeviceGetGpuInstanceProfileInfo, gpu, {choice(kGpuInstanceProfileCount), out<GpuInstanceProfileInfo>()}},
    {DeviceGetGpuInstanceRemainingCapacity, ownWay},
    {DeviceGetAttributes_v2, mig, {out<DeviceAttributes>()}},
    {DeviceGetAttributes, mig, {out<Attributes_v1>()}},
    {DeviceGetBBXTimeData_v1, gpu, {out<BBXTimeData_v1>()}},
    {DeviceGetConfComputeProtectedMemoryUsage, gpu, {out<Memory>()}},
    {DeviceGetEncoderCapacity, gpu, {choice(3), out<u32>()}},
    {DeviceGetMemoryErrorCounter, gpu, {choice(2), choice(2), choice(9), out<u64>()}},
    {DeviceGetSramEccErrorStatus, gpu, {structure<EccSramErrorStatus_v1>(kEccSramErrorStatus_v1Version)}},
    {DeviceGetRowRemapperHistogram, gpu, {out<RowRemapperHistogramValues>()}},
    {DeviceGetRepairStatus, gpu, {structure<RepairStatus_v1>(kRepairStatus_v1Version)}},
    {DeviceGetUnrepairableMemoryFlag_v1, gpu, {out<UnrepairableMemoryStatus_v1>()}},
    {DeviceGetNvLinkState, link, {number(), out<u32>()}},
    {DeviceGetNvLinkErrorCounter, link, {number(), choice(5), out<u64>()}},
    {DeviceGetGpuFabricInfoV, gpu, {structure<GpuFabricInfo_v3>(kGpuFabricInfo_v3Version)}},
    {DeviceGetGpuFabricInfoV, gpu, {structure<FabricInfo_v2>(kGpuFabricInfo_v2Version)}},
    {DeviceGetGpuFabricInfo, gpu, {out<GpuFabricInfo>()}},
    {DeviceGetTargetFanSpeed, fan, {number(), out<u32>()}},
    // Every ten seconds
    {DeviceGetEncoderStats, gpu, {out<u32>(), out<u32>(), out<u32>()}},
    {DeviceGetFBCStats, gpu, {out<FBCStats>()}},
    {DeviceGetPcieSpeed, gpu, {out<u32>()}},
    {DeviceGetFanSpeed_v2, fan, {number(), out<u32>()}},
    {DeviceGetFanSpeed, gpu, {out<u32>()}},
    {DeviceGetFanSpeedRPM, fan, {structureOf<FanSpeedInfo_v1>(kFanSpeedInfo_v1Version)}},
    // Each cycle
    {DeviceGetMemoryInfo_v2, gpuAndMig, {structure<Memory_v2>(kMemory_v2Version)}},
    {DeviceGetMemoryInfo, gpuAndMig, {out<Memory>()}},
    {DeviceGetBAR1MemoryInfo, gpuAndMig, {out<BAR1Memory>()}},
    {DeviceGetUtilizationRates, gpu, {out<Utilization>()}},
    {DeviceGetSamples, ownWay},
    {DeviceGetEncoderUtilization, gpu, {out<u32>(), out<u32>()}},
    {DeviceGetDecoderUtilization, gpu, {out<u32>(), out<u32>()}},
    {DeviceGetJpgUtilization, gpu, {out<u32>(), out<u32>()}},
    {DeviceGetOfaUtilization, gpu, {out<u32>(), out<u32>()}},
    {DeviceGetClockInfo, gpu, {choice(4), out<u32>()}},
    {DeviceGetPerformanceState, gpu, {out<u32>()}},
    {DeviceGetCurrentClocksEventReasons, gpu, {out<u64>()}},
    {DeviceGetCurrentClocksThrottleReasons, gpu, {out<u64>()}},
    {DeviceGetPowerUsage, gpu, {out<u32>()}},
    {DeviceGetTotalEnergyConsumption, gpu, {out<u64>()}},
    {DeviceGetTemperatureV, gpu, {structureOf<Temperature_v1>(kTemperature_v1Version, 1)}},
    {DeviceGetTemperature, gpu, {choice(1), out<u32>()}},
    {DeviceGetMarginTemperature, gpu, {structure<MarginTemperature_v1>(kMarginTemperature_v1Version)}},
    {DeviceGetCurrPcieLinkGeneration, gpu, {out<u32>()}},
    {DeviceGetCurrPcieLinkWidth, gpu, {out<u32>()}},
    {DeviceGetFieldValues, ownWay},
    {DeviceGetComputeRunningProcesses_v3, ownWay},
    {DeviceGetComputeRunningProcesses_v2, ownWay},
    {DeviceGetComputeRunningProcesses, ownWay},
    {DeviceGetGraphicsRunningProcesses_v3, ownWay},
    {DeviceGetGraphicsRunningProcesses_v2, ownWay},
    {DeviceGetGraphicsRunningProcesses, ownWay},
    {DeviceGetMPSComputeRunningProcesses_v3, ownWay},
    {DeviceGetMPSComputeRunningProcesses_v2, ownWay},
    {DeviceGetMPSComputeRunningProcesses, ownWay},
    {GpmSampleGet, ownWay},
    {GpmMigSampleGet, ownWay},
    {GpmMetricsGet, ownWay},
    {DeviceGetProcessesUtilizationInfo, ownWay},
    {DeviceGetProcessUtilization, ownWay},
    {DeviceGetSupportedEventTypes, gpu, {out<u64>()}},
    {EventSetCreate, notAsked, {}, kEvents},
    {DeviceRegisterEvents, notAsked, {}, kEvents},
    {EventSetWait_v2, notAsked, {}, kEvents},
    {EventSetWait, notAsked, {}, kEvents},
    {EventSetFree, notAsked, {}, kEvents},
    {LibraryOpen, notAsked, {}, kNoFunction},
    {HamiSweep, notAsked, {}, kNoFunction},
    {DriverGpuInformation, notAsked, {}, kNoFunction},
    {GpuCycle, notAsked, {}, kNoFunction},
};

}  // namespace table

using table::kRecipes;

/// Whether every call of the table has a row.
constexpr bool everyCallHasARecipe() {
  for (std::size_t i = 0; i < nvml::kCallCount; ++i) {
    const auto call = static_cast<nvml::Call>(i);
    if (std::none_of(std::begin(kRecipes), std::end(kRecipes), [&](const Recipe& r) { return r.call == call; }))
      return false;
  }
  return true;
}
static_assert(everyCallHasARecipe(), "a call of calls.def is not captured: give it a row above");

}  // namespace gna::capture
