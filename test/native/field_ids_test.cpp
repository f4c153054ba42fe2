// Three counters were numbered differently by two driver branches: a wrong choice reads something else without error.

#include "core/nvml/field_ids.h"
#include "check.h"

using namespace gna;
using namespace gna::nvml;

namespace {

const FieldRow<Reading>& rowOf(Reading reading) {
  for (const FieldRow<Reading>& row : kFieldRows)
    if (row.reading == reading) return row;
  return kFieldRows[0];
}

}  // namespace

TEST("clocks-event counters have the numbers of the driver's branch") {
  const FieldRow<Reading>& thermal = rowOf(Reading::clocks_event_sw_thermal_slowdown_seconds_total);
  const FieldRow<Reading>& brake = rowOf(Reading::clocks_event_hw_power_brake_slowdown_seconds_total);
  CHECK_EQ(fieldIdFor(thermal, 580), 251u);
  CHECK_EQ(fieldIdFor(brake, 575), 253u);
  CHECK_EQ(fieldIdFor(thermal, 590), 269u);
  CHECK_EQ(fieldIdFor(brake, 610), 271u);
}

TEST("branches without the counters ask for nothing") {
  for (const std::uint32_t major : {470u, 535u, 550u, 570u, 574u, 0u})
    CHECK_EQ(fieldIdFor(rowOf(Reading::clocks_event_hw_thermal_slowdown_seconds_total), major), 0u);
}

TEST("all other fields have one number everywhere") {
  CHECK_EQ(fieldIdFor(rowOf(Reading::memory_temperature_celsius), 535), 82u);
  CHECK_EQ(fieldIdFor(rowOf(Reading::power_instant_watts), 590), 186u);
}

TEST("no two rows read into the same reading") {
  for (const FieldRow<Reading>& a : kFieldRows)
    for (const FieldRow<Reading>& b : kFieldRows) CHECK(&a == &b || a.reading != b.reading);
}

TEST_MAIN("field ids")
