// The driver library's binary interface as far as it is simulated: x86-64 and AArch64 Linux, LP64, default packing.
// Typed from the public interface's facts for the simulator alone; the agent has its own declarations.
#pragma once

#include <cstddef>
#include <cstdint>

/// Every function of the library is C and visible; which of them a branch exports its version script says.
#define NVML_API extern "C" __attribute__((visibility("default")))

namespace simulator {

using Return = std::int32_t;
/// Opaque to callers: devices are numbers, see handles.h; event sets are pointers.
using DeviceHandle = void*;
/// The handle of the second of two GPUs a call is about: the same in memory, but nothing that is filled.
struct OtherGpu;
using OtherDeviceHandle = OtherGpu*;
using EventSetHandle = void*;
/// GPU instances and compute instances: numbers too.
using InstanceHandle = void*;
using GpmSampleHandle = void*;

inline constexpr Return kSuccess = 0;
inline constexpr Return kUninitialized = 1;
inline constexpr Return kInvalidArgument = 2;
inline constexpr Return kNotSupported = 3;
inline constexpr Return kNoPermission = 4;
inline constexpr Return kNotFound = 6;
inline constexpr Return kInsufficientSize = 7;
inline constexpr Return kDriverNotLoaded = 9;
inline constexpr Return kTimeout = 10;
inline constexpr Return kGpuIsLost = 15;
inline constexpr Return kOperatingSystem = 17;
inline constexpr Return kLibraryMismatch = 18;
inline constexpr Return kNoData = 21;
inline constexpr Return kVersionMismatch = 25;
inline constexpr Return kUnknown = 999;

/// Instance ids of a whole GPU.
inline constexpr std::uint32_t kNotApplicable = 0xFFFFFFFFU;
/// Process memory the driver does not know.
inline constexpr std::uint64_t kNotAvailable = ~0ULL;

/// What the caller stores first in a versioned struct: its size and, from bit 24, its version.
template <class Struct>
constexpr std::uint32_t versionWord(std::uint32_t version) {
  return static_cast<std::uint32_t>(sizeof(Struct)) | version << 24U;
}

struct PciInfo {
  char busIdLegacy[16];
  std::uint32_t domain;
  std::uint32_t bus;
  std::uint32_t device;
  std::uint32_t pciDeviceId;
  std::uint32_t pciSubSystemId;
  char busId[32];
};
static_assert(sizeof(PciInfo) == 68 && offsetof(PciInfo, busId) == 36);

struct PciInfoExt {
  std::uint32_t version;
  std::uint32_t domain;
  std::uint32_t bus;
  std::uint32_t device;
  std::uint32_t pciDeviceId;
  std::uint32_t pciSubSystemId;
  std::uint32_t baseClass;
  std::uint32_t subClass;
  char busId[32];
};
static_assert(versionWord<PciInfoExt>(1) == 0x01000040);

struct Uuid {
  std::uint32_t version;
  std::uint32_t type;  // 1 text, 2 binary
  char value[41];
};
static_assert(versionWord<Uuid>(1) == 0x01000034);

struct DriverBranchInfo {
  std::uint32_t version;
  char branch[80];
};
static_assert(versionWord<DriverBranchInfo>(1) == 0x01000054);

struct Memory {
  std::uint64_t total;
  std::uint64_t free;
  std::uint64_t used;
};
static_assert(sizeof(Memory) == 24);

struct MemoryV2 {
  std::uint32_t version;
  std::uint64_t total;
  std::uint64_t reserved;
  std::uint64_t free;
  std::uint64_t used;
};
static_assert(versionWord<MemoryV2>(2) == 0x02000028 && offsetof(MemoryV2, used) == 32);

struct Utilization {
  std::uint32_t gpu;
  std::uint32_t memory;
};
static_assert(sizeof(Utilization) == 8);

union Value {
  double asDouble;
  std::int32_t asSignedInt;
  std::uint32_t asUnsignedInt;
  std::uint64_t asUnsignedLongLong;
  std::int64_t asSignedLongLong;
};
static_assert(sizeof(Value) == 8);

enum class ValueType : std::uint32_t { Double, UnsignedInt, UnsignedLong, UnsignedLongLong, SignedLongLong, SignedInt };

struct Sample {
  std::uint64_t timeStamp;
  Value value;
};
static_assert(sizeof(Sample) == 16);

struct Temperature {
  std::uint32_t version;
  std::uint32_t sensorType;
  std::int32_t temperature;
};
static_assert(versionWord<Temperature>(1) == 0x0100000c);

struct MarginTemperature {
  std::uint32_t version;
  std::int32_t marginTemperature;
};
static_assert(versionWord<MarginTemperature>(1) == 0x01000008);

struct FanSpeed {
  std::uint32_t version;
  std::uint32_t fan;
  std::uint32_t speed;
};
static_assert(versionWord<FanSpeed>(1) == 0x0100000c);

struct RowRemapperHistogram {
  std::uint32_t max;
  std::uint32_t high;
  std::uint32_t partial;
  std::uint32_t low;
  std::uint32_t none;
};
static_assert(sizeof(RowRemapperHistogram) == 20);

struct FieldValue {
  std::uint32_t fieldId;
  std::uint32_t scopeId;
  std::int64_t timestamp;
  std::int64_t latencyUsec;
  ValueType valueType;
  Return status;
  Value value;
};
static_assert(sizeof(FieldValue) == 40 && offsetof(FieldValue, value) == 32);

struct FabricInfo {
  std::uint8_t clusterUuid[16];
  Return status;
  std::uint32_t cliqueId;
  std::uint8_t state;
};
static_assert(sizeof(FabricInfo) == 28);

struct FabricInfoV2 {
  std::uint32_t version;
  std::uint8_t clusterUuid[16];
  Return status;
  std::uint32_t cliqueId;
  std::uint8_t state;
  std::uint32_t healthMask;
};
static_assert(versionWord<FabricInfoV2>(2) == 0x02000024);

struct FabricInfoV3 {
  std::uint32_t version;
  std::uint8_t clusterUuid[16];
  Return status;
  std::uint32_t cliqueId;
  std::uint8_t state;
  std::uint32_t healthMask;
  std::uint8_t healthSummary;
};
static_assert(versionWord<FabricInfoV3>(3) == 0x03000028 && offsetof(FabricInfoV3, healthSummary) == 36);

struct ProcessUtilizationSample {
  std::uint32_t pid;
  std::uint64_t timeStamp;
  std::uint32_t smUtil;
  std::uint32_t memUtil;
  std::uint32_t encUtil;
  std::uint32_t decUtil;
};
static_assert(sizeof(ProcessUtilizationSample) == 32);

struct ProcessUtilizationInfo {
  std::uint64_t timeStamp;
  std::uint32_t pid;
  std::uint32_t smUtil;
  std::uint32_t memUtil;
  std::uint32_t encUtil;
  std::uint32_t decUtil;
  std::uint32_t jpgUtil;
  std::uint32_t ofaUtil;
};
static_assert(sizeof(ProcessUtilizationInfo) == 40);

struct ProcessesUtilization {
  std::uint32_t version;
  std::uint32_t processSamplesCount;
  std::uint64_t lastSeenTimeStamp;
  ProcessUtilizationInfo* procUtilArray;
};
static_assert(versionWord<ProcessesUtilization>(1) == 0x01000018);

struct DeviceAttributesV1 {
  std::uint32_t multiprocessorCount;
  std::uint32_t sharedCopyEngineCount;
  std::uint32_t sharedDecoderCount;
  std::uint32_t sharedEncoderCount;
  std::uint32_t sharedJpegCount;
  std::uint32_t sharedOfaCount;
};
static_assert(sizeof(DeviceAttributesV1) == 24);

struct DeviceAttributes {
  DeviceAttributesV1 shared;
  std::uint32_t gpuInstanceSliceCount;
  std::uint32_t computeInstanceSliceCount;
  std::uint64_t memorySizeMB;
};
static_assert(sizeof(DeviceAttributes) == 40 && offsetof(DeviceAttributes, memorySizeMB) == 32);

struct EccSramErrorStatus {
  std::uint32_t version;
  std::uint64_t aggregateUncParity;
  std::uint64_t aggregateUncSecDed;
  std::uint64_t aggregateCor;
  std::uint64_t volatileUncParity;
  std::uint64_t volatileUncSecDed;
  std::uint64_t volatileCor;
  std::uint64_t aggregateUncBucketL2;
  std::uint64_t aggregateUncBucketSm;
  std::uint64_t aggregateUncBucketPcie;
  std::uint64_t aggregateUncBucketMcu;
  std::uint64_t aggregateUncBucketOther;
  std::uint32_t bThresholdExceeded;
};
static_assert(versionWord<EccSramErrorStatus>(1) == 0x01000068);

struct RepairStatus {
  std::uint32_t version;
  std::uint32_t bChannelRepairPending;
  std::uint32_t bTpcRepairPending;
};
static_assert(versionWord<RepairStatus>(1) == 0x0100000c);

struct UnrepairableMemoryStatus {
  std::uint32_t bUnrepairableMemory;
};
static_assert(sizeof(UnrepairableMemoryStatus) == 4);

struct DramEncryptionInfo {
  std::uint32_t version;
  std::uint32_t encryptionState;
};
static_assert(versionWord<DramEncryptionInfo>(1) == 0x01000008);

struct PlatformInfo {
  std::uint32_t version;
  std::uint8_t ibGuid[16];
  std::uint8_t chassisSerialNumber[16];
  std::uint8_t slotNumber;
  std::uint8_t trayIndex;
  std::uint8_t hostId;
  std::uint8_t peerType;
  std::uint8_t moduleId;
};
static_assert(versionWord<PlatformInfo>(2) == 0x0200002c && offsetof(PlatformInfo, slotNumber) == 36);

struct AddressingMode {
  std::uint32_t version;
  std::uint32_t value;
};
static_assert(versionWord<AddressingMode>(1) == 0x01000008);

struct C2cModeInfo {
  std::uint32_t isC2cEnabled;
};
static_assert(sizeof(C2cModeInfo) == 4);

struct EncoderSession {
  std::uint32_t sessionId;
  std::uint32_t pid;
  std::uint32_t vgpuInstance;
  std::uint32_t codecType;
  std::uint32_t hResolution;
  std::uint32_t vResolution;
  std::uint32_t averageFps;
  std::uint32_t averageLatency;
};
static_assert(sizeof(EncoderSession) == 32);

struct CaptureStats {
  std::uint32_t sessionsCount;
  std::uint32_t averageFPS;
  std::uint32_t averageLatency;
};
static_assert(sizeof(CaptureStats) == 12);

struct CaptureSession {
  std::uint32_t sessionId;
  std::uint32_t pid;
  std::uint32_t vgpuInstance;
  std::uint32_t displayOrdinal;
  std::uint32_t sessionType;
  std::uint32_t sessionFlags;
  std::uint32_t hMaxResolution;
  std::uint32_t vMaxResolution;
  std::uint32_t hResolution;
  std::uint32_t vResolution;
  std::uint32_t averageFPS;
  std::uint32_t averageLatency;
};
static_assert(sizeof(CaptureSession) == 48);

struct AccountingStats {
  std::uint32_t gpuUtilization;
  std::uint32_t memoryUtilization;
  std::uint64_t maxMemoryUsage;
  std::uint64_t time;
  std::uint64_t startTime;
  std::uint32_t isRunning;
  std::uint32_t reserved[5];
};
static_assert(sizeof(AccountingStats) == 56 && offsetof(AccountingStats, isRunning) == 32);

struct ConfidentialCapabilities {
  std::uint32_t cpuCaps;
  std::uint32_t gpusCaps;
};
static_assert(sizeof(ConfidentialCapabilities) == 8);

struct ConfidentialState {
  std::uint32_t environment;
  std::uint32_t ccFeature;
  std::uint32_t devToolsMode;
};
static_assert(sizeof(ConfidentialState) == 12);

struct ConfidentialSettings {
  std::uint32_t version;
  std::uint32_t environment;
  std::uint32_t ccFeature;
  std::uint32_t devToolsMode;
  std::uint32_t multiGpuMode;
};
static_assert(versionWord<ConfidentialSettings>(1) == 0x01000014);

struct ConfidentialMemorySize {
  std::uint64_t protectedMemSizeKib;
  std::uint64_t unprotectedMemSizeKib;
};
static_assert(sizeof(ConfidentialMemorySize) == 16);

struct KeyRotationThreshold {
  std::uint32_t version;
  std::uint64_t attackerAdvantage;
};
static_assert(versionWord<KeyRotationThreshold>(1) == 0x01000010);

struct Placement {
  std::uint32_t start;
  std::uint32_t size;
};
static_assert(sizeof(Placement) == 8);

struct GpuInstanceInfo {
  DeviceHandle device;
  std::uint32_t id;
  std::uint32_t profileId;
  Placement placement;
};
static_assert(sizeof(GpuInstanceInfo) == 24 && offsetof(GpuInstanceInfo, placement) == 16);

struct GpuInstanceProfile {
  std::uint32_t id;
  std::uint32_t isP2pSupported;
  std::uint32_t sliceCount;
  std::uint32_t instanceCount;
  std::uint32_t multiprocessorCount;
  std::uint32_t copyEngineCount;
  std::uint32_t decoderCount;
  std::uint32_t encoderCount;
  std::uint32_t jpegCount;
  std::uint32_t ofaCount;
  std::uint64_t memorySizeMB;
};
static_assert(sizeof(GpuInstanceProfile) == 48);

struct GpuInstanceProfileV2 {
  std::uint32_t version;
  std::uint32_t id;
  std::uint32_t isP2pSupported;
  std::uint32_t sliceCount;
  std::uint32_t instanceCount;
  std::uint32_t multiprocessorCount;
  std::uint32_t copyEngineCount;
  std::uint32_t decoderCount;
  std::uint32_t encoderCount;
  std::uint32_t jpegCount;
  std::uint32_t ofaCount;
  std::uint64_t memorySizeMB;
  char name[96];
};
static_assert(versionWord<GpuInstanceProfileV2>(2) == 0x02000098 && offsetof(GpuInstanceProfileV2, name) == 56);

struct GpuInstanceProfileV3 {
  std::uint32_t version;
  std::uint32_t id;
  std::uint32_t sliceCount;
  std::uint32_t instanceCount;
  std::uint32_t multiprocessorCount;
  std::uint32_t copyEngineCount;
  std::uint32_t decoderCount;
  std::uint32_t encoderCount;
  std::uint32_t jpegCount;
  std::uint32_t ofaCount;
  std::uint64_t memorySizeMB;
  char name[96];
  std::uint32_t capabilities;
};
static_assert(versionWord<GpuInstanceProfileV3>(3) == 0x03000098 && offsetof(GpuInstanceProfileV3, name) == 48);

struct ComputeInstanceInfo {
  DeviceHandle device;
  InstanceHandle gpuInstance;
  std::uint32_t id;
  std::uint32_t profileId;
  Placement placement;
};
static_assert(sizeof(ComputeInstanceInfo) == 32 && offsetof(ComputeInstanceInfo, placement) == 24);

struct ComputeInstanceProfile {
  std::uint32_t id;
  std::uint32_t sliceCount;
  std::uint32_t instanceCount;
  std::uint32_t multiprocessorCount;
  std::uint32_t sharedCopyEngineCount;
  std::uint32_t sharedDecoderCount;
  std::uint32_t sharedEncoderCount;
  std::uint32_t sharedJpegCount;
  std::uint32_t sharedOfaCount;
};
static_assert(sizeof(ComputeInstanceProfile) == 36);

/// The third version is the second and a word more.
struct ComputeInstanceProfileV3 {
  std::uint32_t version;
  std::uint32_t id;
  std::uint32_t sliceCount;
  std::uint32_t instanceCount;
  std::uint32_t multiprocessorCount;
  std::uint32_t sharedCopyEngineCount;
  std::uint32_t sharedDecoderCount;
  std::uint32_t sharedEncoderCount;
  std::uint32_t sharedJpegCount;
  std::uint32_t sharedOfaCount;
  char name[96];
  std::uint32_t capabilities;
};
static_assert(versionWord<ComputeInstanceProfileV3>(3) == 0x0300008c &&
              offsetof(ComputeInstanceProfileV3, capabilities) == 136);

struct GpmSupport {
  std::uint32_t version;
  std::uint32_t isSupportedDevice;
};
static_assert(sizeof(GpmSupport) == 8);

struct GpmMetric {
  std::uint32_t metricId;
  Return status;
  double value;
  const char* shortName;
  const char* longName;
  const char* unit;
};
static_assert(sizeof(GpmMetric) == 40 && offsetof(GpmMetric, unit) == 32);

struct GpmMetricsRequest {
  std::uint32_t version;
  std::uint32_t numMetrics;
  GpmSampleHandle sample1;
  GpmSampleHandle sample2;
  /// As many as the newest header has room for; only `numMetrics` of them are there.
  GpmMetric metrics[333];
};
static_assert(sizeof(GpmMetricsRequest) == 13344 && offsetof(GpmMetricsRequest, metrics) == 24);

struct EventData {
  DeviceHandle device;
  std::uint64_t eventType;
  std::uint64_t eventData;
  std::uint32_t gpuInstanceId;
  std::uint32_t computeInstanceId;
};
static_assert(sizeof(EventData) == 32);

}  // namespace simulator
