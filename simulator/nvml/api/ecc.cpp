// ECC, rows remapped and pages retired.
#include <algorithm>

#include "../call.h"
#include "../ecc_counts.h"

using namespace simulator;

namespace {

using enum Attribute;

constexpr std::uint64_t kMostPages = 64;
constexpr std::uint64_t kPageBytes = 4096;
/// Retired pages of the two causes lie apart, so that a mixed-up list shows.
constexpr std::uint64_t kFirstPage[2] = {0x10'0000, 0x90'0000};
/// Seconds between the retirement of one page and the next.
constexpr std::uint64_t kRetirementSpacingSeconds = 3607;
constexpr std::uint64_t kFirstRetirementUnixSeconds = 1'700'000'000;

Return giveRetiredPages(const char* function, DeviceHandle device, unsigned cause, unsigned* count,
                        unsigned long long* addresses, unsigned long long* timestamps) {
  return onDevice(function, device, Accepts::WholeGpus, [&](const Call& call) {
    if (count == nullptr || cause > 1) return kInvalidArgument;
    const auto pages = call.gpu.attributes.number(cause == 0 ? retiredPagesSingleBit : retiredPagesDoubleBit);
    if (!pages) return kNotSupported;
    const unsigned room = *count;
    *count = static_cast<unsigned>(std::min(*pages, kMostPages));
    if (room < *count) return kInsufficientSize;
    if (*count > 0 && addresses == nullptr) return kInvalidArgument;
    for (unsigned i = 0; i < *count; ++i) {
      addresses[i] = kFirstPage[cause] + i * kPageBytes;
      if (timestamps != nullptr) timestamps[i] = kFirstRetirementUnixSeconds + i * kRetirementSpacingSeconds;
    }
    return kSuccess;
  });
}

}  // namespace

NVML_API Return nvmlDeviceGetEccMode(DeviceHandle device, unsigned* current, unsigned* pending) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (current == nullptr || pending == nullptr) return kInvalidArgument;
    const Return given = call.give(current, eccMode);
    return given == kSuccess ? call.give(pending, eccModePending) : given;
  });
}

NVML_API Return nvmlDeviceGetTotalEccErrors(DeviceHandle device, unsigned kind, unsigned span,
                                            unsigned long long* count) {
  return onDevice(__func__, device, Accepts::Both, [&](const Call& call) {
    if (kind >= kEccKinds || span >= kEccSpans) return kInvalidArgument;
    if (call.mig == nullptr) return Call::give(count, totalEccErrors(call.gpu, kind, span));
    // An instance knows only its uncorrected volatile errors, and none of DRAM.
    if (kind != 1 || span != 0) return kNotSupported;
    if (call.gpu.attributes.number(eccMode) != 1) return kNotSupported;
    return Call::give(count, std::optional(call.mig->uncorrectedErrors));
  });
}

NVML_API Return nvmlDeviceGetMemoryErrorCounter(DeviceHandle device, unsigned kind, unsigned span, unsigned location,
                                                unsigned long long* count) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (kind >= kEccKinds || span >= kEccSpans || location >= kEccLocations) return kInvalidArgument;
    return Call::give(count, eccErrors(call.gpu, kind, span, location));
  });
}

NVML_API Return nvmlDeviceGetRemappedRows(DeviceHandle device, unsigned* corrected, unsigned* uncorrected,
                                          unsigned* pending, unsigned* failure) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (corrected == nullptr || uncorrected == nullptr || pending == nullptr || failure == nullptr) {
      return kInvalidArgument;
    }
    bool divided = false;
    for (const auto& slot : call.gpu.migInstances) divided = divided || slot.has_value();
    const AttributeTable& values = call.gpu.attributes;
    if (divided || !values.number(remappedRowsCorrected) || !values.number(remappedRowsUncorrected)) {
      return kNotSupported;
    }
    *corrected = static_cast<unsigned>(*values.number(remappedRowsCorrected));
    *uncorrected = static_cast<unsigned>(*values.number(remappedRowsUncorrected));
    *pending = static_cast<unsigned>(values.number(remappedRowsPending).value_or(0));
    *failure = static_cast<unsigned>(values.number(remappedRowsFailure).value_or(0));
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetRowRemapperHistogram(DeviceHandle device, RowRemapperHistogram* histogram) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (histogram == nullptr) return kInvalidArgument;
    const auto banks = [&](Attribute attribute) {
      return static_cast<unsigned>(call.gpu.attributes.number(attribute).value_or(0));
    };
    if (!call.gpu.attributes.number(remapBanksMax)) return kNotSupported;
    *histogram = {banks(remapBanksMax), banks(remapBanksHigh), banks(remapBanksPartial), banks(remapBanksLow),
                  banks(remapBanksNone)};
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetRetiredPages(DeviceHandle device, unsigned cause, unsigned* count,
                                          unsigned long long* addresses) {
  return giveRetiredPages(__func__, device, cause, count, addresses, nullptr);
}
NVML_API Return nvmlDeviceGetRetiredPages_v2(DeviceHandle device, unsigned cause, unsigned* count,
                                             unsigned long long* addresses, unsigned long long* timestamps) {
  return giveRetiredPages(__func__, device, cause, count, addresses, timestamps);
}
NVML_API Return nvmlDeviceGetRetiredPagesPendingStatus(DeviceHandle device, unsigned* pending) {
  return onDevice(__func__, device, Accepts::WholeGpus,
                  [&](const Call& call) { return call.give(pending, retiredPagesPending); });
}
