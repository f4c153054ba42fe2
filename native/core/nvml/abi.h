#pragma once
// NVML's binary interface as far as the agent uses it, typed from the public ABI description (x86_64 and aarch64
// Linux, LP64). A structure `Foo` here is `nvmlFoo_t` there; `kFoo…` constants carry the header's values. CI compares
// sizes, offsets and values with two real headers (scripts/abi-check).

#include <cstddef>
#include <cstdint>

namespace gna::nvml {

using Return = std::uint32_t;
struct DeviceOpaque;
struct EventSetOpaque;
using Device = DeviceOpaque*;
using EventSet = EventSetOpaque*;

// nvmlReturn_t, as far as the agent treats a code specially.
inline constexpr Return kSuccess = 0;
inline constexpr Return kErrorUninitialized = 1;
inline constexpr Return kErrorInvalidArgument = 2;
inline constexpr Return kErrorNotSupported = 3;
inline constexpr Return kErrorNoPermission = 4;
inline constexpr Return kErrorAlreadyInitialized = 5;
inline constexpr Return kErrorNotFound = 6;
inline constexpr Return kErrorInsufficientSize = 7;
inline constexpr Return kErrorInsufficientPower = 8;
inline constexpr Return kErrorDriverNotLoaded = 9;
inline constexpr Return kErrorTimeout = 10;
inline constexpr Return kErrorIrqIssue = 11;
inline constexpr Return kErrorLibraryNotFound = 12;
inline constexpr Return kErrorFunctionNotFound = 13;
inline constexpr Return kErrorGpuIsLost = 15;
inline constexpr Return kErrorResetRequired = 16;
inline constexpr Return kErrorOperatingSystem = 17;
inline constexpr Return kErrorLibRmVersionMismatch = 18;
inline constexpr Return kErrorMemory = 20;
inline constexpr Return kErrorNoData = 21;
inline constexpr Return kErrorVgpuEccNotSupported = 22;
inline constexpr Return kErrorArgumentVersionMismatch = 25;
inline constexpr Return kErrorDeprecated = 26;
inline constexpr Return kErrorNotReady = 27;
inline constexpr Return kErrorGpuNotFound = 28;
inline constexpr Return kErrorUnknown = 999;

// nvmlInitWithFlags
inline constexpr std::uint32_t kInitFlagNoGpus = 1;
inline constexpr std::uint32_t kInitFlagNoAttach = 2;

// Buffer sizes (characters including the terminating NUL)
inline constexpr std::uint32_t kDeviceUuidV2BufferSize = 96;
inline constexpr std::uint32_t kDeviceNameV2BufferSize = 96;
inline constexpr std::uint32_t kDeviceSerialBufferSize = 30;
inline constexpr std::uint32_t kDeviceVbiosVersionBufferSize = 32;
inline constexpr std::uint32_t kDevicePartNumberBufferSize = 80;
inline constexpr std::uint32_t kDeviceInforomVersionBufferSize = 16;
inline constexpr std::uint32_t kSystemDriverVersionBufferSize = 80;
inline constexpr std::uint32_t kSystemNvmlVersionBufferSize = 80;
inline constexpr std::uint32_t kGspFirmwareVersionBufferSize = 0x40;

/// nvmlPciInfo_t: the `_v3` call fills all of it.
struct PciInfo {
  char busIdLegacy[16];
  std::uint32_t domain;
  std::uint32_t bus;
  std::uint32_t device;
  std::uint32_t pciDeviceId;
  std::uint32_t pciSubSystemId;
  char busId[32];
};
static_assert(sizeof(PciInfo) == 68);

/// Bytes. In this version `used` includes what the driver reserves.
struct Memory {
  std::uint64_t total;
  std::uint64_t free;
  std::uint64_t used;
};
static_assert(sizeof(Memory) == 24);

/// Bytes. total = reserved + used + free.
struct Memory_v2 {
  std::uint32_t version;
  std::uint64_t total;
  std::uint64_t reserved;
  std::uint64_t free;
  std::uint64_t used;
};
static_assert(sizeof(Memory_v2) == 40 && offsetof(Memory_v2, total) == 8);
inline constexpr std::uint32_t kMemory_v2Version = 0x02000028;

struct ConfComputeSystemCaps {
  std::uint32_t cpuCaps;
  std::uint32_t gpusCaps;
};
static_assert(sizeof(ConfComputeSystemCaps) == 8);

struct ConfComputeSystemState {
  std::uint32_t environment;
  std::uint32_t ccFeature;
  std::uint32_t devToolsMode;
};
static_assert(sizeof(ConfComputeSystemState) == 12);

struct SystemConfComputeSettings_v1 {
  std::uint32_t version;
  std::uint32_t environment;
  std::uint32_t ccFeature;
  std::uint32_t devToolsMode;
  std::uint32_t multiGpuMode;
};
static_assert(sizeof(SystemConfComputeSettings_v1) == 20);
inline constexpr std::uint32_t kSystemConfComputeSettings_v1Version = 0x01000014;

struct ConfComputeGetKeyRotationThresholdInfo_v1 {
  std::uint32_t version;
  std::uint64_t attackerAdvantage;
};
static_assert(sizeof(ConfComputeGetKeyRotationThresholdInfo_v1) == 16 &&
              offsetof(ConfComputeGetKeyRotationThresholdInfo_v1, attackerAdvantage) == 8);
inline constexpr std::uint32_t kConfComputeGetKeyRotationThresholdInfo_v1Version = 0x01000010;

struct BAR1Memory {
  std::uint64_t bar1Total;
  std::uint64_t bar1Free;
  std::uint64_t bar1Used;
};
static_assert(sizeof(BAR1Memory) == 24);

/// Percent of the last sampling window.
struct Utilization {
  std::uint32_t gpu;
  std::uint32_t memory;
};
static_assert(sizeof(Utilization) == 8);

union Value {
  double dVal;
  std::int32_t siVal;
  std::uint32_t uiVal;
  unsigned long ulVal;
  unsigned long long ullVal;
  signed long long sllVal;
  std::uint16_t usVal;
};
static_assert(sizeof(Value) == 8);

// nvmlValueType_t
inline constexpr std::uint32_t kValueTypeDouble = 0;
inline constexpr std::uint32_t kValueTypeUnsignedInt = 1;
inline constexpr std::uint32_t kValueTypeUnsignedLong = 2;
inline constexpr std::uint32_t kValueTypeUnsignedLongLong = 3;
inline constexpr std::uint32_t kValueTypeSignedLongLong = 4;
inline constexpr std::uint32_t kValueTypeSignedInt = 5;
inline constexpr std::uint32_t kValueTypeUnsignedShort = 6;

/// `timeStamp` in microseconds of CLOCK_REALTIME.
struct Sample {
  unsigned long long timeStamp;
  Value sampleValue;
};
static_assert(sizeof(Sample) == 16);

// nvmlSamplingType_t
inline constexpr std::uint32_t kGpuUtilizationSamples = 1;

struct FieldValue {
  std::uint32_t fieldId;
  std::uint32_t scopeId;
  std::int64_t timestamp;
  std::int64_t latencyUsec;
  std::uint32_t valueType;
  Return nvmlReturn;
  Value value;
};
static_assert(sizeof(FieldValue) == 40 && offsetof(FieldValue, value) == 32);

/// Degrees celsius, signed.
struct Temperature_v1 {
  std::uint32_t version;
  std::uint32_t sensorType;
  std::int32_t temperature;
};
static_assert(sizeof(Temperature_v1) == 12);
inline constexpr std::uint32_t kTemperature_v1Version = 0x0100000c;

struct MarginTemperature_v1 {
  std::uint32_t version;
  std::int32_t marginTemperature;
};
static_assert(sizeof(MarginTemperature_v1) == 8);
inline constexpr std::uint32_t kMarginTemperature_v1Version = 0x01000008;

/// Process list entry of the `_v2` and `_v3` calls. Some point releases use 16 or 32 bytes: see process_list.h.
struct ProcessInfo_v2 {
  std::uint32_t pid;
  unsigned long long usedGpuMemory;
  std::uint32_t gpuInstanceId;
  std::uint32_t computeInstanceId;
};
static_assert(sizeof(ProcessInfo_v2) == 24 && offsetof(ProcessInfo_v2, gpuInstanceId) == 16);

/// Process list entry of the unsuffixed calls.
struct ProcessInfo_v1 {
  std::uint32_t pid;
  unsigned long long usedGpuMemory;
};
static_assert(sizeof(ProcessInfo_v1) == 16);

/// What nvmlDeviceGetAttributes_v2 fills; the unsuffixed call fills the 24 bytes of its first six members.
struct DeviceAttributes {
  std::uint32_t multiprocessorCount;
  std::uint32_t sharedCopyEngineCount;
  std::uint32_t sharedDecoderCount;
  std::uint32_t sharedEncoderCount;
  std::uint32_t sharedJpegCount;
  std::uint32_t sharedOfaCount;
  std::uint32_t gpuInstanceSliceCount;
  std::uint32_t computeInstanceSliceCount;
  unsigned long long memorySizeMB;
};
static_assert(sizeof(DeviceAttributes) == 40);

/// Errors since the driver was loaded (volatile) and of the board's life (aggregate), by what detected them.
struct EccSramErrorStatus_v1 {
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
static_assert(sizeof(EccSramErrorStatus_v1) == 104 && offsetof(EccSramErrorStatus_v1, bThresholdExceeded) == 96);
inline constexpr std::uint32_t kEccSramErrorStatus_v1Version = 0x01000068;

/// Banks by the spare rows they have left.
struct RowRemapperHistogramValues {
  std::uint32_t max;
  std::uint32_t high;
  std::uint32_t partial;
  std::uint32_t low;
  std::uint32_t none;
};
static_assert(sizeof(RowRemapperHistogramValues) == 20);

struct RepairStatus_v1 {
  std::uint32_t version;
  std::uint32_t bChannelRepairPending;
  std::uint32_t bTpcRepairPending;
};
static_assert(sizeof(RepairStatus_v1) == 12);
inline constexpr std::uint32_t kRepairStatus_v1Version = 0x0100000c;

struct UnrepairableMemoryStatus_v1 {
  std::uint32_t bUnrepairableMemory;
};
static_assert(sizeof(UnrepairableMemoryStatus_v1) == 4);

struct DramEncryptionInfo_v1 {
  std::uint32_t version;
  std::uint32_t encryptionState;
};
static_assert(sizeof(DramEncryptionInfo_v1) == 8);
inline constexpr std::uint32_t kDramEncryptionInfo_v1Version = 0x01000008;

/// Seconds for which a driver was loaded, over the board's life.
struct BBXTimeData_v1 {
  std::uint32_t timeRun;
};
static_assert(sizeof(BBXTimeData_v1) == 4);

/// Place in a rack.
struct PlatformInfo_v2 {
  std::uint32_t version;
  std::uint8_t ibGuid[16];
  std::uint8_t chassisSerialNumber[16];
  std::uint8_t slotNumber;
  std::uint8_t trayIndex;
  std::uint8_t hostId;
  std::uint8_t peerType;
  std::uint8_t moduleId;
};
static_assert(sizeof(PlatformInfo_v2) == 44 && offsetof(PlatformInfo_v2, moduleId) == 40);
inline constexpr std::uint32_t kPlatformInfo_v2Version = 0x0200002c;

/// Latency in microseconds.
struct FBCStats {
  std::uint32_t sessionsCount;
  std::uint32_t averageFPS;
  std::uint32_t averageLatency;
};
static_assert(sizeof(FBCStats) == 12);

/// Revolutions per minute.
struct FanSpeedInfo_v1 {
  std::uint32_t version;
  std::uint32_t fan;
  std::uint32_t speed;
};
static_assert(sizeof(FanSpeedInfo_v1) == 12);
inline constexpr std::uint32_t kFanSpeedInfo_v1Version = 0x0100000c;

/// First version of the fabric's state; `status` is the code the registration ended with.
struct GpuFabricInfo {
  std::uint8_t clusterUuid[16];
  Return status;
  std::uint32_t cliqueId;
  std::uint8_t state;
};
static_assert(sizeof(GpuFabricInfo) == 28 && offsetof(GpuFabricInfo, state) == 24);

/// The second version ends before `healthSummary`.
struct GpuFabricInfo_v3 {
  std::uint32_t version;
  std::uint8_t clusterUuid[16];
  Return status;
  std::uint32_t cliqueId;
  std::uint8_t state;
  std::uint32_t healthMask;
  std::uint8_t healthSummary;
};
static_assert(sizeof(GpuFabricInfo_v3) == 40 && offsetof(GpuFabricInfo_v3, healthMask) == 32);
inline constexpr std::uint32_t kGpuFabricInfo_v3Version = 0x03000028;
inline constexpr std::uint32_t kGpuFabricInfo_v2Version = 0x02000024;

struct GpuInstanceOpaque;
using GpuInstance = GpuInstanceOpaque*;

/// First memory slice and number of slices.
struct GpuInstancePlacement {
  std::uint32_t start;
  std::uint32_t size;
};
static_assert(sizeof(GpuInstancePlacement) == 8);

struct GpuInstanceInfo {
  Device device;
  std::uint32_t id;
  std::uint32_t profileId;
  GpuInstancePlacement placement;
};
static_assert(sizeof(GpuInstanceInfo) == 24);

struct GpuInstanceProfileInfo {
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
  unsigned long long memorySizeMB;
};
static_assert(sizeof(GpuInstanceProfileInfo) == 48);

struct GpuInstanceProfileInfo_v2 {
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
  unsigned long long memorySizeMB;
  char name[96];
};
static_assert(sizeof(GpuInstanceProfileInfo_v2) == 152 && offsetof(GpuInstanceProfileInfo_v2, name) == 56);
inline constexpr std::uint32_t kGpuInstanceProfileInfo_v2Version = 0x02000098;

struct GpuInstanceProfileInfo_v3 {
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
  unsigned long long memorySizeMB;
  char name[96];
  std::uint32_t capabilities;
};
static_assert(sizeof(GpuInstanceProfileInfo_v3) == 152 && offsetof(GpuInstanceProfileInfo_v3, name) == 48);
inline constexpr std::uint32_t kGpuInstanceProfileInfo_v3Version = 0x03000098;
inline constexpr std::uint32_t kGpuInstanceProfileCount = 0x12;

struct GpmSampleOpaque;
using GpmSample = GpmSampleOpaque*;

struct GpmSupport {
  std::uint32_t version;
  std::uint32_t isSupportedDevice;
};
static_assert(sizeof(GpmSupport) == 8);

/// One metric of GPM, with the names the driver gives it.
struct GpmMetric {
  std::uint32_t metricId;
  Return nvmlReturn;
  double value;
  const char* shortName;
  const char* longName;
  const char* unit;
};
static_assert(sizeof(GpmMetric) == 40 && offsetof(GpmMetric, unit) == 32);

/// What precedes the metrics of nvmlGpmMetricsGet_t. The driver reads and writes `numMetrics` of them, so the array
/// behind it may be shorter than the header's.
struct GpmMetricsGetHead {
  std::uint32_t version;
  std::uint32_t numMetrics;
  GpmSample sample1;
  GpmSample sample2;
};
static_assert(sizeof(GpmMetricsGetHead) == 24);
inline constexpr std::uint32_t kGpmVersion = 1;

/// Percent of the engines one process used up to `timeStamp` (microseconds of CLOCK_REALTIME).
struct ProcessUtilizationSample {
  std::uint32_t pid;
  unsigned long long timeStamp;
  std::uint32_t smUtil;
  std::uint32_t memUtil;
  std::uint32_t encUtil;
  std::uint32_t decUtil;
};
static_assert(sizeof(ProcessUtilizationSample) == 32 && offsetof(ProcessUtilizationSample, smUtil) == 16);

struct ProcessUtilizationInfo_v1 {
  unsigned long long timeStamp;
  std::uint32_t pid;
  std::uint32_t smUtil;
  std::uint32_t memUtil;
  std::uint32_t encUtil;
  std::uint32_t decUtil;
  std::uint32_t jpgUtil;
  std::uint32_t ofaUtil;
};
static_assert(sizeof(ProcessUtilizationInfo_v1) == 40 && offsetof(ProcessUtilizationInfo_v1, smUtil) == 12);

struct ProcessesUtilizationInfo_v1 {
  std::uint32_t version;
  std::uint32_t processSamplesCount;
  unsigned long long lastSeenTimeStamp;
  ProcessUtilizationInfo_v1* procUtilArray;
};
static_assert(sizeof(ProcessesUtilizationInfo_v1) == 24);
inline constexpr std::uint32_t kProcessesUtilizationInfo_v1Version = 0x01000018;

struct EventData {
  Device device;
  unsigned long long eventType;
  unsigned long long eventData;
  std::uint32_t gpuInstanceId;
  std::uint32_t computeInstanceId;
};
static_assert(sizeof(EventData) == 32 && offsetof(EventData, gpuInstanceId) == 24);

// Event type bits
inline constexpr std::uint64_t kEventTypeDoubleBitEccError = 0x2;
inline constexpr std::uint64_t kEventTypeXidCriticalError = 0x8;
inline constexpr std::uint64_t kEventTypePowerSourceChange = 0x80;
inline constexpr std::uint64_t kEventMigConfigChange = 0x100;
inline constexpr std::uint64_t kEventTypeSingleBitEccErrorStorm = 0x200;
inline constexpr std::uint64_t kEventTypeDramRetirementEvent = 0x400;
inline constexpr std::uint64_t kEventTypeDramRetirementFailure = 0x800;
inline constexpr std::uint64_t kEventTypeNonFatalPoisonError = 0x1000;
inline constexpr std::uint64_t kEventTypeFatalPoisonError = 0x2000;
inline constexpr std::uint64_t kEventTypeGpuUnavailableError = 0x4000;
inline constexpr std::uint64_t kEventTypeGpuRecoveryAction = 0x8000;

// nvmlClockType_t
inline constexpr std::uint32_t kClockGraphics = 0;
inline constexpr std::uint32_t kClockSm = 1;
inline constexpr std::uint32_t kClockMem = 2;
inline constexpr std::uint32_t kClockVideo = 3;

// nvmlTemperatureSensors_t, nvmlTemperatureThresholds_t
inline constexpr std::uint32_t kTemperatureGpu = 0;
inline constexpr std::uint32_t kTemperatureThresholdShutdown = 0;
inline constexpr std::uint32_t kTemperatureThresholdSlowdown = 1;
inline constexpr std::uint32_t kTemperatureThresholdMemMax = 2;
inline constexpr std::uint32_t kTemperatureThresholdGpuMax = 3;
inline constexpr std::uint32_t kTemperatureThresholdAcousticCurr = 5;

// nvmlMemoryErrorType_t, nvmlEccCounterType_t
inline constexpr std::uint32_t kMemoryErrorTypeCorrected = 0;
inline constexpr std::uint32_t kMemoryErrorTypeUncorrected = 1;
inline constexpr std::uint32_t kVolatileEcc = 0;
inline constexpr std::uint32_t kAggregateEcc = 1;

// nvmlMemoryLocation_t
inline constexpr std::uint32_t kMemoryLocationSram = 7;

// nvmlEncoderType_t
inline constexpr std::uint32_t kEncoderQueryH264 = 0;
inline constexpr std::uint32_t kEncoderQueryHevc = 1;
inline constexpr std::uint32_t kEncoderQueryAv1 = 2;

// nvmlNvLinkErrorCounter_t
inline constexpr std::uint32_t kTopologySystem = 50;
inline constexpr std::uint32_t kP2PCapsIndexRead = 0;
inline constexpr std::uint32_t kP2PCapsIndexWrite = 1;
inline constexpr std::uint32_t kP2PCapsIndexNvlink = 2;
inline constexpr std::uint32_t kP2PCapsIndexAtomics = 3;
inline constexpr std::uint32_t kP2PCapsIndexPci = 4;
inline constexpr std::uint32_t kP2PStatusUnknown = 6;

inline constexpr std::uint32_t kNvlinkErrorDlCrcData = 3;
inline constexpr std::uint32_t kNvlinkErrorDlEccData = 4;

// nvmlDeviceArchitecture_t
inline constexpr std::uint32_t kDeviceArchHopper = 9;

// Scopes of fields
inline constexpr std::uint32_t kPowerScopeGpu = 0;
inline constexpr std::uint32_t kPowerScopeModule = 1;
inline constexpr std::uint32_t kPowerScopeMemory = 2;
inline constexpr std::uint32_t kAllLinks = 0xFFFFFFFFu;

/// nvmlPstates_t: P0…P15, this for unknown.
inline constexpr std::uint32_t kPstateUnknown = 32;

/// Per-process memory the driver does not know (NVML_VALUE_NOT_AVAILABLE).
inline constexpr std::uint64_t kValueNotAvailable = ~0ull;
/// GPU or compute instance id that does not apply.
inline constexpr std::uint32_t kInstanceNotApplicable = 0xFFFFFFFFu;

}  // namespace gna::nvml
