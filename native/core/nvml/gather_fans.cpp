#include "core/nvml/gather.h"

namespace gna::nvml {

void Gather::fans() {
  bool found = false;
  if (identityRound) {
    std::uint32_t count = 0;
    Return code = call(Call::DeviceGetNumFans, g.handle_, &count);
    // Before the count could be asked there was one fan or none.
    if (isOlderDriver(code)) {
      std::uint32_t percent = 0;
      code = call(Call::DeviceGetFanSpeed, g.handle_, &percent);
      count = 1;
    }
    noteIdentity(code);
    if (isPassing(code))
      count = static_cast<std::uint32_t>(g.lists_.fans.size());  // what was known stands
    else if (code != kSuccess)
      count = 0;
    if (count > shm::kMaxFansPerGpu) count = shm::kMaxFansPerGpu;
    found = g.lists_.fans.size() != count;
    g.lists_.fans.resize(count);
    g.fanDormant_.assign(count, {});
    for (std::uint32_t i = 0; i < count; ++i) g.lists_.fans[i].fan = i;
  }
  Gather round = *this;
  if (found) round.minuteRound = round.mediumRound = true;
  for (std::size_t i = 0; i < g.lists_.fans.size(); ++i) round.fan(i);
}

void Gather::fan(std::size_t i) {
  shm::Fan& fan = g.lists_.fans[i];
  Dormant<FanReading>& dormant = g.fanDormant_[i];
  auto percent = unwritten<std::uint32_t>();
  if (due(FanReading::speed_ratio, dormant)) {
    Return& refused = g.refused_[nvml::index(Call::DeviceGetFanSpeed_v2)];
    Return code = refused != kSuccess ? refused : call(Call::DeviceGetFanSpeed_v2, g.handle_, fan.fan, &percent);
    if (isOlderDriver(code) && code != kNoSuchSymbol) refused = code;
    if (isOlderDriver(code) && fan.fan == 0) code = call(Call::DeviceGetFanSpeed, g.handle_, &percent);
    // Above 100 % is legal (nvml.md §12.8).
    store(fan.readings, dormant, FanReading::speed_ratio, code, kPercent(percent));
  }
  if (due(FanReading::target_speed_ratio, dormant)) {
    const Return code = call(Call::DeviceGetTargetFanSpeed, g.handle_, fan.fan, &percent);
    store(fan.readings, dormant, FanReading::target_speed_ratio, code, kPercent(percent));
  }
  if (due(FanReading::speed_rpm, dormant)) {
    FanSpeedInfo_v1 info{kFanSpeedInfo_v1Version, fan.fan, 0};
    const Return code = call(Call::DeviceGetFanSpeedRPM, g.handle_, &info);
    store(fan.readings, dormant, FanReading::speed_rpm, code, info.speed);
  }
}

}  // namespace gna::nvml
