// The node: versions, counts, the mark of the simulation.
#include <cstdio>
#include <fstream>
#include <string>

#include "../branch.h"
#include "../call.h"

using namespace simulator;

namespace {

Return giveCudaVersion(const char* function, int* out) {
  return onNode(function, [&](const View& view) {
    if (out == nullptr) return kInvalidArgument;
    *out = static_cast<int>(
        view.node.number(Attribute::cudaDriverVersion).value_or(static_cast<std::uint64_t>(kBranch.cudaVersion)));
    return kSuccess;
  });
}

Return giveExcluded(const char* function, unsigned* out) {
  return onNode(function, [&](const View& view) {
    if (out == nullptr) return kInvalidArgument;
    *out = static_cast<unsigned>(view.node.number(Attribute::excludedDevices).value_or(0));
    return kSuccess;
  });
}

}  // namespace

/// Only the simulated library has it: by it the agent knows, and says, that nothing here is real.
NVML_API const char* gpuNodeSimulatorInfo() {
  static const std::string text = [] {
    Library& library = Library::instance();
    std::string info;
    if (library.hasNode()) {
      const auto view = library.view();
      const char* scenario = view->node.text(Attribute::scenarioName);
      info = std::string("scenario=") + (scenario == nullptr ? "unnamed" : scenario) +
             " seed=" + std::to_string(view->seed) + " ";
    }
    return info + "branch=" + kBranch.driverVersion;
  }();
  return text.c_str();
}

NVML_API Return nvmlSystemGetDriverVersion(char* version, unsigned length) {
  return onNode(__func__, [&](const View&) { return giveText(version, length, kBranch.driverVersion); });
}

NVML_API Return nvmlSystemGetNVMLVersion(char* version, unsigned length) {
  return onNode(__func__, [&](const View&) { return giveText(version, length, kBranch.nvmlVersion); });
}

NVML_API Return nvmlSystemGetCudaDriverVersion_v2(int* version) { return giveCudaVersion(__func__, version); }
NVML_API Return nvmlSystemGetCudaDriverVersion(int* version) { return giveCudaVersion(__func__, version); }

NVML_API Return nvmlSystemGetDriverBranch(DriverBranchInfo* info, unsigned length) {
  return onNode(__func__, [&](const View&) {
    if (info == nullptr) return kInvalidArgument;
    if (info->version != versionWord<DriverBranchInfo>(1)) return kVersionMismatch;
    return giveText(info->branch, length < sizeof info->branch ? length : sizeof info->branch, kBranch.branchText);
  });
}

NVML_API Return nvmlSystemGetProcessName(unsigned pid, char* name, unsigned length) {
  return onNode(__func__, [&](const View&) {
    if (name == nullptr) return kInvalidArgument;
    std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
    std::string text;
    return std::getline(file, text) ? giveText(name, length, text) : kNotFound;
  });
}

NVML_API Return nvmlGetExcludedDeviceCount(unsigned* count) { return giveExcluded(__func__, count); }
NVML_API Return nvmlGetBlacklistDeviceCount(unsigned* count) { return giveExcluded(__func__, count); }
