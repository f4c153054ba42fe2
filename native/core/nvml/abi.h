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
inline constexpr Return kErrorLibRmVersionMismatch = 18;
inline constexpr Return kErrorNoData = 21;
inline constexpr Return kErrorArgumentVersionMismatch = 25;
inline constexpr Return kErrorDeprecated = 26;
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

/// nvmlPstates_t: P0…P15, this for unknown.
inline constexpr std::uint32_t kPstateUnknown = 32;

/// Per-process memory the driver does not know (NVML_VALUE_NOT_AVAILABLE).
inline constexpr std::uint64_t kValueNotAvailable = ~0ull;
/// GPU or compute instance id that does not apply.
inline constexpr std::uint32_t kInstanceNotApplicable = 0xFFFFFFFFu;

}  // namespace gna::nvml
