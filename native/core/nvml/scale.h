#pragma once
// Units of the driver and ours.

#include "core/nvml/plausible.h"

namespace gna::nvml {

/// From the driver's unit to the base unit. Dividing keeps 94 % at 0.94; multiplying by 0.01 does not.
struct Scale {
  double times = 1;
  double by = 1;
  double operator()(double value) const { return value * times / by; }
  template <WideUnsigned T>
  double operator()(T raw) const {
    return (*this)(numberOf(raw));
  }
};
inline constexpr Scale kAsIs{};
inline constexpr Scale kMegahertz{1e6};
inline constexpr Scale kMilli{1, 1e3};        // mW to watts, mJ to joules
inline constexpr Scale kPercent{1, 1e2};      // to a ratio
inline constexpr Scale kNanoseconds{1, 1e9};  // to seconds
inline constexpr Scale kMicroseconds{1, 1e6};
inline constexpr Scale kKibibytes{1024};
inline constexpr Scale kMegabytes{1e6};
inline constexpr Scale kMegabits{1e6, 8};  // to bytes

}  // namespace gna::nvml
