// Activity of a GPU or GPU instance between two instants: an exact function of the load, see simulator/README.md.
#pragma once

#include <cstdint>
#include <optional>

#include "gpu.h"

namespace simulator {

/// What is asked about: a GPU from one instant to a later one, or one instance of it.
struct ActivitySpan {
  const Gpu& gpu;
  std::optional<std::uint32_t> gpuInstance;
  std::int64_t fromNanoseconds;
  std::int64_t toNanoseconds;
};

/// A metric of the interface and how it is written.
struct Metric {
  double value;
  const char* unit;
};

/// The metric of an id; absent where this GPU, this instance or this branch does not measure it.
std::optional<Metric> activity(const ActivitySpan& span, std::uint32_t id);

}  // namespace simulator
