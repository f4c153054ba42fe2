// Errors in SRAM by unit, repairs that wait for a reset, encryption of the memory.
#include "../call.h"
#include "../ecc_counts.h"

using namespace simulator;

namespace {

using enum Attribute;

constexpr unsigned kSram = 7;

}  // namespace

NVML_API Return nvmlDeviceGetSramEccErrorStatus(DeviceHandle device, EccSramErrorStatus* status) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (status == nullptr) return kInvalidArgument;
    if (status->version != versionWord<EccSramErrorStatus>(1)) return kVersionMismatch;
    if (!call.permitted()) return kNoPermission;
    const auto sinceLoad = eccErrors(call.gpu, 1, 0, kSram);
    const auto lifetime = eccErrors(call.gpu, 1, 1, kSram);
    const auto exceeded = call.gpu.attributes.number(sramThresholdExceeded);
    if (!sinceLoad || !lifetime || !exceeded) return kNotSupported;
    const auto number = [&](Attribute attribute) { return call.gpu.attributes.number(attribute).value_or(0); };
    const std::uint64_t known = number(sramL2Aggregate) + number(sramMultiprocessorAggregate) +
                                number(sramMicrocontrollerAggregate) + number(sramPcieAggregate);
    *status = {.version = status->version,
               .aggregateUncParity = number(sramParityAggregate),
               .aggregateUncSecDed = *lifetime - number(sramParityAggregate),
               .aggregateCor = eccErrors(call.gpu, 0, 1, kSram).value_or(0),
               .volatileUncParity = number(sramParityVolatile),
               .volatileUncSecDed = *sinceLoad - number(sramParityVolatile),
               .volatileCor = eccErrors(call.gpu, 0, 0, kSram).value_or(0),
               .aggregateUncBucketL2 = number(sramL2Aggregate),
               .aggregateUncBucketSm = number(sramMultiprocessorAggregate),
               .aggregateUncBucketPcie = number(sramPcieAggregate),
               .aggregateUncBucketMcu = number(sramMicrocontrollerAggregate),
               .aggregateUncBucketOther = *lifetime - known,
               .bThresholdExceeded = static_cast<std::uint32_t>(*exceeded)};
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetRepairStatus(DeviceHandle device, RepairStatus* status) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (status == nullptr) return kInvalidArgument;
    if (status->version != versionWord<RepairStatus>(1)) return kVersionMismatch;
    const Return given = call.give(&status->bChannelRepairPending, channelRepairPending);
    return given == kSuccess ? call.give(&status->bTpcRepairPending, tpcRepairPending) : given;
  });
}

NVML_API Return nvmlDeviceGetUnrepairableMemoryFlag_v1(DeviceHandle device, UnrepairableMemoryStatus* status) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    return status == nullptr ? kInvalidArgument : call.give(&status->bUnrepairableMemory, memoryUnrepairable);
  });
}

NVML_API Return nvmlDeviceGetDramEncryptionMode(DeviceHandle device, DramEncryptionInfo* current,
                                                DramEncryptionInfo* pending) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (current == nullptr || pending == nullptr) return kInvalidArgument;
    constexpr std::uint32_t kWord = versionWord<DramEncryptionInfo>(1);
    if (current->version != kWord || pending->version != kWord) return kVersionMismatch;
    const Return given = call.give(&current->encryptionState, dramEncryption);
    return given == kSuccess ? call.give(&pending->encryptionState, dramEncryptionPending) : given;
  });
}
