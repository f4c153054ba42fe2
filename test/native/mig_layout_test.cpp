// A GPU that is divided anew counts once, when its division has stood still.

#include "core/nvml/mig_layout.h"
#include "check.h"

using gna::nvml::MigLayout;

namespace {
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kHalves = 2, kNone = 3, kQuarters = 5, kThirds = 7;
}  // namespace

TEST("the division that a GPU is found in is no change") {
  MigLayout layout;
  for (std::int64_t s = 1; s < 100; ++s) layout.observe(kHalves, s * kSecond);
  CHECK_EQ(layout.state().changes, 0u);
}

TEST("many steps are one change, ten seconds after the last of them") {
  MigLayout layout;
  layout.observe(kHalves, 1 * kSecond);
  layout.observe(kNone, 5 * kSecond);
  layout.observe(kThirds, 9 * kSecond);
  layout.observe(kQuarters, 18 * kSecond);
  layout.observe(kQuarters, 27 * kSecond);
  CHECK_EQ(layout.state().changes, 0u);
  layout.observe(kQuarters, 28 * kSecond);
  CHECK_EQ(layout.state().changes, 1u);
  layout.observe(kQuarters, 90 * kSecond);
  CHECK_EQ(layout.state().changes, 1u);
}

TEST("what is undone before it stood still was no change") {
  MigLayout layout;
  layout.observe(kHalves, 1 * kSecond);
  layout.observe(kNone, 2 * kSecond);
  layout.observe(kHalves, 6 * kSecond);
  layout.observe(kHalves, 60 * kSecond);
  CHECK_EQ(layout.state().changes, 0u);
}

TEST("a successor goes on with the count, and sees what changed in between") {
  MigLayout before;
  before.observe(kHalves, 1 * kSecond);
  before.observe(kNone, 2 * kSecond);
  before.observe(kNone, 20 * kSecond);
  CHECK_EQ(before.state().changes, 1u);
  MigLayout after;
  after.restore(before.state());
  after.observe(kQuarters, 25 * kSecond);
  after.observe(kQuarters, 35 * kSecond);
  CHECK_EQ(after.state().changes, 2u);
}

TEST_MAIN("MIG layout")
