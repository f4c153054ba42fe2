// Init, shutdown, error texts.
#include "../branch.h"
#include "../call.h"

using namespace simulator;

namespace {

constexpr unsigned kNoGpus = 1;
constexpr unsigned kNoAttach = 2;
constexpr unsigned kForce = 4;
/// Force came with the 13.0 interface.
constexpr int kForceSinceCuda = 13000;

Return initialise(const char* function, InitOptions options) {
  Library& library = Library::instance();
  const Return outcome = sufferFaults(library, function, -1);
  return outcome == kSuccess ? library.initialise(options) : outcome;
}

}  // namespace

NVML_API Return nvmlInitWithFlags(unsigned flags) {
  const unsigned known = kNoGpus | kNoAttach | (kBranch.cudaVersion >= kForceSinceCuda ? kForce : 0);
  if ((flags & ~known) != 0) return kInvalidArgument;
  return initialise(__func__, {(flags & kNoGpus) != 0, (flags & kNoAttach) == 0, false});
}

NVML_API Return nvmlInit_v2() { return initialise(__func__, {false, true, false}); }

NVML_API Return nvmlInit() { return initialise(__func__, {false, true, true}); }

NVML_API Return nvmlShutdown() {
  Library& library = Library::instance();
  const Return outcome = sufferFaults(library, __func__, -1);
  return outcome == kSuccess ? library.shutdown() : outcome;
}

NVML_API const char* nvmlErrorString(Return code) {
  switch (code) {
    case 0: return "Success";
    case 1: return "Uninitialized";
    case 2: return "Invalid Argument";
    case 3: return "Not Supported";
    case 4: return "Insufficient Permissions";
    case 5: return "Already Initialized";
    case 6: return "Not Found";
    case 7: return "Insufficient Size";
    case 8: return "Insufficient External Power";
    case 9: return "Driver Not Loaded";
    case 10: return "Timeout";
    case 11: return "Interrupt Request Issue";
    case 12: return "NVML Shared Library Not Found";
    case 13: return "Function Not Found";
    case 14: return "Corrupted infoROM";
    case 15: return "GPU is lost";
    case 16: return "GPU requires reset";
    case 17: return "GPU access blocked by the operating system";
    case 18: return "Driver/library version mismatch";
    case 19: return "In use by another client";
    case 20: return "Insufficient Memory";
    case 21: return "No data";
    case 22: return "The requested vGPU operation is not available because ECC is enabled";
    case 23: return "Insufficient Resources";
    case 24: return "Frequency not supported";
    case 25: return "Argument Version Mismatch";
    case 26: return "Deprecated";
    case 27: return "Not Ready";
    case 28: return "GPU Not Found";
    case 29: return "Invalid State";
    case 30: return "Reset Type Not Supported";
    default: return "Unknown Error";
  }
}
