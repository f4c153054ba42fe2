#pragma once
// Readings that answered "not here": asking again each cycle is pointless until the next init or identity round.

#include "core/readings/readings.h"

namespace gna::nvml {

template <typename Id>
struct Dormant {
  bool asleep[ReadingTable<Id>::count] = {};

  void wakeAll() { *this = {}; }
};

}  // namespace gna::nvml
