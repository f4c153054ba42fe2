#include "node.h"

#include <cstdio>
#include <cstdlib>

namespace gna::sweep {

using nvml::Call;
using nvml::Return;

Node::Node(const std::string& directory)
    : name(directory.substr(directory.rfind('/') + 1)), clock(directory + "/clock"), mover(directory + "/clock") {
  std::string report;
  if (!clock.valid() || !mover.valid() || !library.open({directory + "/driver/libnvidia-ml.so.1", {}}, report)) {
    std::printf("Bail out! %s: %s\n", directory.c_str(), report.c_str());
    std::exit(1);
  }
  const auto init = library.get<Return (*)(std::uint32_t)>(Call::InitWithFlags);
  const auto version = library.get<Return (*)(char*, std::uint32_t)>(Call::SystemGetDriverVersion);
  const auto count = library.get<Return (*)(std::uint32_t*)>(Call::DeviceGetCount_v2);
  char text[nvml::kSystemDriverVersionBufferSize] = {};
  if (init(nvml::kInitFlagNoGpus | nvml::kInitFlagNoAttach) != 0 || version(text, sizeof text) != 0 ||
      count(&gpus) != 0) {
    std::printf("Bail out! %s: the simulated driver does not answer\n", directory.c_str());
    std::exit(1);
  }
  driverMajor = static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10));
}

}  // namespace gna::sweep
