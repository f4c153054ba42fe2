#pragma once
// Command line of the sampler, shared with the in-process engine.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sampler/enumeration.h"

namespace gna {

/// How long a call may take before it is called stuck, by class; `slow` is said at half of it, at most after 3 s.
struct Deadlines {
  std::int64_t attachNs = 60'000'000'000;
  std::int64_t fastNs = 2'000'000'000;
  std::int64_t slowNs = 10'000'000'000;
};

struct EngineOptions {
  std::string nvmlLibrary;               // --nvml.library: nothing else is tried
  std::vector<std::string> driverRoots;  // --nvml.driver-root (repeatable)
  std::vector<ExcludedGpu> excluded;     // --exclude
  std::string procfs = "/proc";          // --path.procfs: where driver/nvidia/gpus is
  bool excludeAll = false;               // --exclude=all: the driver is not touched
  bool nvlinkLinks = false;              // --nvlink-links: counters of each NVLink, not only their sum
  bool topology = false;                 // --topology: what each pair of GPUs is to each other
  std::int64_t intervalNs = 1'000'000'000;
  Deadlines deadlines;
  bool hami = true;                             // --no-hami
  std::string sysfs = "/sys";                   // --path.sysfs: where the kernel module's version is read
  std::string dev = "/dev";                     // --path.dev: --capture lists device nodes
  std::string rootfs;                           // --path.rootfs: the usual HAMi roots are below it; empty = /
  std::vector<std::string> hamiRoots;           // --hami.root (repeatable): beside the usual ones
  std::string clockFile;                        // --clock.file
  std::int32_t parentPid = 0;                   // --parent-pid: end if it is not our parent any more
  bool once = false;                            // --once: one cycle, then exit
  bool json = false;                            // --json: with --once, print what was read
  std::int64_t onceDeadlineNs = 5'000'000'000;  // --deadline (ms): --once gives up after this
  std::string captureFile;                      // --capture: record everything into this file, `-` = standard output
  std::int64_t captureDeadlineNs = 120'000'000'000;  // --deadline (ms): --capture ends with what it has after this
  bool inProcess = false;                            // threads in somebody's process: never _exit
  bool help = false, version = false;
};

/// Parses `--name=value` or `--name value`. On failure returns false and says what was expected and what came.
bool parseOptions(std::span<const std::string> arguments, EngineOptions& options, std::string& error);

/// Text of --help.
const char* optionsHelp();

}  // namespace gna
