#include "core/nvml/driver_answers.h"

#include "core/nvml/return_code.h"

namespace gna::nvml {

bool driverAnswers(const Library& library, Lane& lane) {
  using Count = Return (*)(std::uint32_t*);
  for (const Call id : {Call::DeviceGetCount_v2, Call::DeviceGetCount}) {
    const auto count = library.get<Count>(id);
    if (!count) continue;
    std::uint32_t n = 0;
    const Return code = lane.run(id, count, &n);
    if (!isOlderDriver(code)) return code == kSuccess && n > 0;
  }
  return true;  // a library without either cannot tell
}

}  // namespace gna::nvml
