// Busy time is a pure function of the driver's time-stamped samples.

#include <algorithm>
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

/// A batch that the driver gave just after its last sample.
UtilizationIntegrator::Window add(UtilizationIntegrator& integrator, std::vector<Sample> samples) {
  unsigned long long now = 0;
  for (const Sample& s : samples) now = std::max(now, s.timeStamp);
  return integrator.add(samples.data(), samples.size(), gna::nvml::kValueTypeUnsignedInt, now);
}

UtilizationIntegrator::Window addAt(UtilizationIntegrator& integrator, std::vector<Sample> samples,
                                    unsigned long long nowUs) {
  return integrator.add(samples.data(), samples.size(), gna::nvml::kValueTypeUnsignedInt, nowUs);
}

/// The driver's ring: the last `capacity` samples, oldest first, five a second, all at `percent`.
struct Ring {
  std::vector<Sample> samples;
  void push(unsigned long long us, unsigned percent) {
    Sample s{};
    s.timeStamp = us;
    s.sampleValue.uiVal = percent;
    samples.push_back(s);
    if (samples.size() > 100) samples.erase(samples.begin());
  }
};

}  // namespace

TEST("the first batch only says where the stream stands: what lies in the ring was before us") {
  UtilizationIntegrator integrator;
  const auto window = add(integrator, {percentAt(1'000'000, 80), percentAt(1'200'000, 80)});
  CHECK_EQ(integrator.state().observedNs, 0u);
  CHECK_EQ(integrator.state().busyNs, 0u);
  CHECK_EQ(integrator.state().lastSeenUs, 1'200'000u);
  CHECK_EQ(window.peakRatio.value_or(-1), 0.8);
  CHECK_EQ(window.averageRatio.value_or(-1), 0.8);
}

TEST("each sample speaks for the time since the one before") {
  UtilizationIntegrator integrator;
  add(integrator, {percentAt(1'000'000, 0)});
  const auto window = add(integrator, {percentAt(1'200'000, 50), percentAt(1'300'000, 100)});
  CHECK_EQ(integrator.state().observedNs, 300'000'000u);
  CHECK_EQ(integrator.state().busyNs, 200'000'000u);
  CHECK_EQ(window.peakRatio.value_or(-1), 1.0);
  CHECK_EQ(window.averageRatio.value_or(-1), 200.0 / 300.0);
}

TEST("the same ring read twice counts once") {
  UtilizationIntegrator integrator;
  const std::vector<Sample> ring = {percentAt(1'000'000, 10), percentAt(1'500'000, 40)};
  add(integrator, {percentAt(900'000, 10)});
  add(integrator, ring);
  const auto once = integrator.state();
  add(integrator, ring);
  CHECK_EQ(integrator.state().observedNs, once.observedNs);
  CHECK_EQ(integrator.state().busyNs, once.busyNs);
}

TEST("a gap nobody looked at is not invented") {
  UtilizationIntegrator integrator;
  add(integrator, {percentAt(1'000'000, 100)});
  add(integrator, {percentAt(61'000'000, 100), percentAt(61'500'000, 100)});
  CHECK_EQ(integrator.state().observedNs, 500'000'000u);
}

TEST("garbage percentages and out-of-order samples are ignored") {
  UtilizationIntegrator integrator;
  add(integrator, {percentAt(1'000'000, 10)});
  add(integrator, {percentAt(1'000'000, 10), percentAt(1'200'000, 4711), percentAt(1'100'000, 10),
                   percentAt(900'000, 10), percentAt(1'400'000, 10)});
  CHECK_EQ(integrator.state().lastSeenUs, 1'400'000u);
  CHECK_EQ(integrator.state().observedNs, 400'000'000u);
  CHECK_EQ(integrator.state().busyNs, 40'000'000u);
}

TEST("a wall-clock step neither adds nor subtracts, in both directions, with the old samples still in the ring") {
  for (const std::int64_t stepUs : {3'600'000'000ll, -3'600'000'000ll}) {
    UtilizationIntegrator integrator;
    Ring ring;
    const std::int64_t start = 10'000'000'000'000;
    std::int64_t offsetUs = 0;
    // 600 s of real time, five samples a second, read once a second; the wall clock steps after 300 s.
    for (std::int64_t second = 0; second <= 600; ++second) {
      if (second == 300) offsetUs = stepUs;
      const std::int64_t shownUs = start + offsetUs + second * 1'000'000;
      const auto before = static_cast<unsigned long long>(shownUs);
      for (unsigned n = 1; n <= 5; ++n) ring.push(before + n * 200'000ull, 100);
      const unsigned long long now = before + 1'000'000;
      integrator.observeClock((start + offsetUs) * 1000);
      addAt(integrator, ring.samples, now);
    }
    // The first second says where the stream stands, and so does the second of the step.
    CHECK_EQ(integrator.state().observedNs, 599'000'000'000u);
    CHECK_EQ(integrator.state().busyNs, 599'000'000'000u);
  }
}

TEST("one stamp from the future does not silence the stream") {
  UtilizationIntegrator integrator;
  addAt(integrator, {percentAt(1'000'000, 50)}, 1'000'000);
  addAt(integrator, {percentAt(1'200'000, 50), percentAt(9'000'000'000, 50)}, 1'200'000);
  addAt(integrator, {percentAt(1'400'000, 50)}, 1'400'000);
  CHECK_EQ(integrator.state().observedNs, 400'000'000u);
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
  for (UtilizationIntegrator* one : {&whole, &before}) add(*one, {percentAt(900'000, 10)});
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
