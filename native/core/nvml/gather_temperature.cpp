#include "core/nvml/gather.h"

namespace gna::nvml {

void Gather::temperature() {
  if (due(Reading::temperature_celsius)) {
    Temperature_v1 t{kTemperature_v1Version, kTemperatureGpu, unwritten<std::int32_t>()};
    Return code = callUnlessRefused(Call::DeviceGetTemperatureV, g.handle_, &t);
    double celsius = celsiusOf(t.temperature);
    if (isUnsupported(code)) {
      auto old = unwritten<std::uint32_t>();
      code = call(Call::DeviceGetTemperature, g.handle_, kTemperatureGpu, &old);
      celsius = numberOf(old);
    }
    store(Reading::temperature_celsius, code, celsius, kHottestCelsius);
  }
  if (due(Reading::temperature_margin_celsius)) {
    MarginTemperature_v1 margin{kMarginTemperature_v1Version, kUnwrittenMargin};
    const Return code = call(Call::DeviceGetMarginTemperature, g.handle_, &margin);
    store(Reading::temperature_margin_celsius, code, marginCelsiusOf(margin.marginTemperature), kHottestCelsius);
  }
}

}  // namespace gna::nvml
