#pragma once
// Which driver this is, by what it says of itself.

#include <charconv>
#include <cstdint>
#include <cstring>

#include "core/nvml/abi.h"
#include "core/nvml/call_table.h"
#include "core/nvml/return_code.h"
#include "core/shm/records.h"

namespace gna {

/// What a driver does not have is asked once per init; after any other error it is asked again.
class DriverVersions {
 public:
  /// After an init: it may be another driver.
  void forget(shm::DriverRecord& record) {
    record.driver_version[0] = record.nvml_version[0] = 0;
    record.cuda_driver_version = 0;
    driver_ = nvml_ = cuda_ = nvml::kErrorUnknown;
  }

  /// Asks for what is not known yet. `call(id, arguments…)` makes a call of the library and gives its code.
  template <typename Caller>
  void read(const Caller& call, shm::DriverRecord& record) {
    using nvml::Call;
    if (isMissing(driver_))
      driver_ = text(call, Call::SystemGetDriverVersion, record.driver_version, nvml::kSystemDriverVersionBufferSize);
    if (isMissing(nvml_))
      nvml_ = text(call, Call::SystemGetNVMLVersion, record.nvml_version, nvml::kSystemNvmlVersionBufferSize);
    if (isMissing(cuda_)) {
      std::int32_t version = 0;
      cuda_ = call(Call::SystemGetCudaDriverVersion_v2, &version);
      if (cuda_ == nvml::kErrorFunctionNotFound) cuda_ = call(Call::SystemGetCudaDriverVersion, &version);
      record.cuda_driver_version = cuda_ == nvml::kSuccess && version > 0 ? static_cast<std::uint64_t>(version) : 0;
    }
    record.driver_major = major(record);
  }

 private:
  static bool isMissing(nvml::Return code) { return code != nvml::kSuccess && !nvml::isUnsupported(code); }

  template <typename Caller, std::size_t N>
  static nvml::Return text(const Caller& call, nvml::Call id, char (&to)[N], std::uint32_t size) {
    const nvml::Return code = call(id, static_cast<char*>(to), size);
    to[code == nvml::kSuccess ? N - 1 : 0] = 0;
    return code;
  }

  /// The branch. Fields have numbers that depend on it (nvml.md §7): where the driver does not say its version, that of
  /// its library's file stands for it, or that of the kernel module, which are the same in a driver that works.
  static std::uint64_t major(const shm::DriverRecord& record) {
    for (const char* version : {record.driver_version, record.library_version, record.module_version}) {
      unsigned number = 0;
      std::from_chars(version, version + std::strlen(version), number);
      if (number > 0) return number;
    }
    return 0;
  }

  nvml::Return driver_ = nvml::kErrorUnknown, nvml_ = nvml::kErrorUnknown, cuda_ = nvml::kErrorUnknown;
};

}  // namespace gna
