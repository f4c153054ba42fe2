#include "core/nvml/gather.h"

namespace gna::nvml {

namespace {
// No GPU that still answers is outside this; drivers have returned garbage here (nvml.md §7).
constexpr double kHottestCelsius = 200;
}  // namespace

void Gather::temperature() {
  if (due(Reading::temperature_celsius)) {
    Temperature_v1 t{kTemperature_v1Version, kTemperatureGpu, 0};
    Return code = callUnlessRefused(Call::DeviceGetTemperatureV, g.handle_, &t);
    double celsius = t.temperature;
    if (isUnsupported(code)) {
      std::uint32_t old = 0;
      code = call(Call::DeviceGetTemperature, g.handle_, kTemperatureGpu, &old);
      celsius = old;
    }
    store(Reading::temperature_celsius, code, celsius, kHottestCelsius);
  }
  if (due(Reading::temperature_margin_celsius)) {
    MarginTemperature_v1 margin{kMarginTemperature_v1Version, 0};
    const Return code = call(Call::DeviceGetMarginTemperature, g.handle_, &margin);
    store(Reading::temperature_margin_celsius, code, margin.marginTemperature, kHottestCelsius);
  }
}

}  // namespace gna::nvml
