#include "core/nvml/return_code.h"

namespace gna::nvml {

std::uint8_t statusOf(Return r) {
  if (r <= 200) return static_cast<std::uint8_t>(r);
  if (r >= kConfidentialOff) return static_cast<std::uint8_t>(r & 0xFF);
  return reading_status::kUnknownError;
}

bool isUnsupported(Return r) {
  switch (r) {
    case kErrorNotSupported:
    case kErrorNoPermission:
    case kErrorLibraryNotFound:
    case kErrorFunctionNotFound:
    case kErrorVgpuEccNotSupported:
    case kErrorArgumentVersionMismatch:
    case kErrorDeprecated:
    case kNoSuchSymbol:
    case kBranchTooOld:
    case kBranchUnknown:
    case kNoOwnMemory:
    case kConfidentialOff: return true;
    default: return false;
  }
}

bool isPassing(Return r) {
  return r != kSuccess && r != kCallSkipped && r != kErrorInvalidArgument && r != kErrorNoData && r != kNoSessions &&
         !isUnsupported(r);
}

bool isOlderDriver(Return r) {
  return r == kNoSuchSymbol || r == kErrorFunctionNotFound || r == kErrorArgumentVersionMismatch;
}

bool isDeviceFatal(Return r) {
  return r == kErrorGpuIsLost || r == kErrorResetRequired || r == kErrorInsufficientPower || r == kErrorIrqIssue;
}

bool isDriverWide(Return r) {
  return r == kErrorUninitialized || r == kErrorDriverNotLoaded || r == kErrorLibRmVersionMismatch ||
         r == kErrorGpuNotFound;
}

}  // namespace gna::nvml
