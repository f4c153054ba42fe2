#pragma once
// What `gpu-node-sampler --once` prints: JSON for programs, a short table for people.

#include "core/shm/segment.h"

namespace gna {

/// Prints everything in the segment to standard output.
void printOnce(const shm::Segment& segment, bool json);

}  // namespace gna
