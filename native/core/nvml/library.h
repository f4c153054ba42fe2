#pragma once
// Finds and opens libnvidia-ml.so.1 and resolves every call of the table. A missing symbol is a NULL entry: it
// switches off one reading, never the vendor.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/nvml/abi.h"
#include "core/nvml/call_table.h"

namespace gna::nvml {

/// An opened library. Never closed: dlclose of the real one is not proven safe (nvml.md §1).
class Library {
 public:
  struct Search {
    std::string explicitPath;              // from configuration; when set nothing else is tried
    std::vector<std::string> driverRoots;  // from configuration, such as /run/nvidia/driver: before the usual places
  };

  /// Tries the configured places, then the usual ones in order (nvml.md §1). On failure returns false and `report`
  /// names every place and what came.
  bool open(const Search& search, std::string& report);

  bool isOpen() const { return handle_ != nullptr; }
  /// Real path of the file that was loaded.
  const std::string& path() const { return path_; }
  /// The name it gives itself, whatever it was opened by; empty when it has none.
  const std::string& soname() const { return soname_; }
  /// Driver version in that file's name (libnvidia-ml.so.580.65.06), empty when it has none.
  std::string version() const;
  std::size_t symbolsMissing() const { return missing_; }
  /// Symbols that resolved into another object: somebody interposes with LD_PRELOAD.
  std::size_t symbolsForeign() const { return foreign_; }
  /// Text of a simulated library's gpuNodeSimulatorInfo, empty for a real one.
  const std::string& simulatorInfo() const { return simulator_; }

  /// Puts another function behind a call, or none: this copy of the table then stands for a driver that differs in it.
  void replace(Call call, void* function) { table_[index(call)] = function; }

  bool has(Call call) const { return table_[index(call)] != nullptr; }

  /// The function behind a call, typed by the caller; null when this library lacks it.
  template <typename F>
  F get(Call call) const {
    return reinterpret_cast<F>(table_[index(call)]);
  }

 private:
  void* tryOpen(const std::string& name, std::string& report);
  void* openBelow(const std::string& root, std::string& report);
  void resolve();

  void* handle_ = nullptr;
  std::array<void*, kCallCount> table_{};
  std::string path_, soname_, simulator_;
  std::size_t missing_ = 0, foreign_ = 0;
};

/// Where driver roots usually are: the host itself, the GPU operator's driver container, bind mounts of the host in
/// monitoring pods, and GKE's COS.
inline constexpr std::array<std::string_view, 5> kUsualDriverRoots = {"", "/run/nvidia/driver", "/host", "/driver-root",
                                                                      "/home/kubernetes/bin/nvidia"};

/// Places below a driver root where distributions put the library.
inline constexpr std::array<std::string_view, 6> kLibraryFolders = {
    "/usr/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
    "/lib64",     "/lib/x86_64-linux-gnu",     "/lib/aarch64-linux-gnu"};

}  // namespace gna::nvml
