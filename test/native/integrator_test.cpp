// Busy time is a pure function of the driver's time-stamped samples.

#include <vector>

#include "check.h"
#include "core/nvml/utilization_integrator.h"

using gna::nvml::Sample;
using gna::nvml::UtilizationIntegrator;

namespace {

Sample percentAt(unsigned long long us, unsigned percent) {
  Sample s{};
  s.timeStamp = us;
  s.sampleValue.uiVal = percent;
  return s;
}

UtilizationIntegrator::Window add(UtilizationIntegrator& integrator, std::vector<Sample> samples) {
  return integrator.add(samples.data(), samples.size(), gna::nvml::kValueTypeUnsignedInt);
}

}  // namespace

TEST("the first sample observes nothing: it has no time before it") {
  UtilizationIntegrator integrator;
  const auto window = add(integrator, {percentAt(1'000'000, 80)});
  CHECK_EQ(integrator.state().observedNs, 0u);
  CHECK_EQ(integrator.state().busyNs, 0u);
  CHECK_EQ(integrator.state().lastSeenUs, 1'000'000u);
  CHECK(window.peakRatio.has_value());
  CHECK(!window.averageRatio.has_value());
}

TEST("each sample speaks for the time since the one before") {
  UtilizationIntegrator integrator;
  const auto window = add(integrator, {percentAt(1'000'000, 0), percentAt(1'200'000, 50), percentAt(1'300'000, 100)});
  CHECK_EQ(integrator.state().observedNs, 300'000'000u);
  CHECK_EQ(integrator.state().busyNs, 200'000'000u);
  CHECK_EQ(window.peakRatio.value_or(-1), 1.0);
  CHECK_EQ(window.averageRatio.value_or(-1), 200.0 / 300.0);
}

TEST("the same ring read twice counts once") {
  UtilizationIntegrator integrator;
  const std::vector<Sample> ring = {percentAt(1'000'000, 10), percentAt(1'500'000, 40)};
  add(integrator, ring);
  const auto once = integrator.state();
  add(integrator, ring);
  CHECK_EQ(integrator.state().observedNs, once.observedNs);
  CHECK_EQ(integrator.state().busyNs, once.busyNs);
}

TEST("a gap nobody looked at is not invented") {
  UtilizationIntegrator integrator;
  add(integrator, {percentAt(1'000'000, 100), percentAt(61'000'000, 100), percentAt(61'500'000, 100)});
  CHECK_EQ(integrator.state().observedNs, 500'000'000u);
}

TEST("garbage percentages and out-of-order samples are ignored") {
  UtilizationIntegrator integrator;
  add(integrator, {percentAt(1'000'000, 10), percentAt(1'200'000, 4711), percentAt(1'100'000, 10),
                   percentAt(900'000, 10), percentAt(1'400'000, 10)});
  CHECK_EQ(integrator.state().lastSeenUs, 1'400'000u);
  CHECK_EQ(integrator.state().observedNs, 400'000'000u);
  CHECK_EQ(integrator.state().busyNs, 40'000'000u);
}

TEST("a wall-clock step neither adds nor subtracts, in both directions") {
  UtilizationIntegrator integrator;
  integrator.observeClock(1'000'000'000'000);
  add(integrator, {percentAt(10'000'000, 100), percentAt(10'500'000, 100)});
  for (const std::int64_t step : {3'600'000'000'000, -3'600'000'000'000}) {
    const auto before = integrator.state();
    integrator.observeClock(1'000'000'000'000 + step);
    add(integrator, {percentAt(20'000'000, 100)});
    CHECK_EQ(integrator.state().observedNs, before.observedNs);
    add(integrator, {percentAt(20'500'000, 100)});
    CHECK_EQ(integrator.state().observedNs, before.observedNs + 500'000'000);
    integrator.observeClock(1'000'000'000'000);
  }
}

TEST("a slow drift of the clocks is not a step") {
  UtilizationIntegrator integrator;
  integrator.observeClock(0);
  add(integrator, {percentAt(1'000'000, 100)});
  integrator.observeClock(10'000'000);
  add(integrator, {percentAt(1'500'000, 100)});
  CHECK_EQ(integrator.state().observedNs, 500'000'000u);
}

TEST("a successor that goes on from the state counts what the predecessor would have") {
  const std::vector<Sample> first = {percentAt(1'000'000, 30), percentAt(1'400'000, 60)};
  const std::vector<Sample> both = {percentAt(1'000'000, 30), percentAt(1'400'000, 60), percentAt(1'900'000, 20)};
  UtilizationIntegrator whole, before, after;
  add(whole, both);
  add(before, first);
  after.restore(before.state());
  add(after, both);
  CHECK_EQ(after.state().busyNs, whole.state().busyNs);
  CHECK_EQ(after.state().observedNs, whole.state().observedNs);
}

TEST("a value type a utilisation cannot have gives no value") {
  gna::nvml::Value v{};
  CHECK(!gna::nvml::sampleValue(v, 99).has_value());
  v.dVal = __builtin_nan("");
  CHECK(!gna::nvml::sampleValue(v, gna::nvml::kValueTypeDouble).has_value());
  v.usVal = 7;
  CHECK_EQ(gna::nvml::sampleValue(v, gna::nvml::kValueTypeUnsignedShort).value_or(-1), 7.0);
}

TEST_MAIN("utilisation integrator")
