#pragma once
// Values that their writer keeps setting to zero for a moment. The library's watcher (period 120 ms) clears
// utilisation and driver-reported memory of all processes, asks NVML, then fills them in; with 16 processes half of
// all single looks see zero. The maximum of a few looks spread over more than one period does not.

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/hami/layout.h"

namespace gna::hami {

/// Looks further apart than this have not all fallen into the same clearing.
inline constexpr std::int64_t kFlickerPeriodNs = 120'000'000;

/// Maxima over the looks of the last `kSpanNs`, at most `kLooks` of them. Indexed like the container's devices.
class FlickerWindow {
 public:
  static constexpr std::int64_t kSpanNs = 2'000'000'000;
  static constexpr std::uint32_t kLooks = 4;

  struct Look {
    std::int64_t atNs = 0;
    std::array<std::uint32_t, kMaxDevices> utilPercent{};  // sums above 2^32−1 are held there
    std::array<std::uint64_t, kMaxDevices> driverReportedBytes{};
  };

  /// Forgets all looks: another file, or none.
  void clear() { count_ = 0; }

  /// Takes a look in. A clock that went backwards starts the window anew. With more than `kLooks` looks in the span
  /// the newest replaces the one before it, so that the window keeps its width.
  void add(const Look& look) {
    if (count_ > 0 && look.atNs < looks_[count_ - 1].atNs) count_ = 0;
    const auto stale = std::find_if(looks_.begin(), looks_.begin() + count_,
                                    [&](const Look& l) { return look.atNs - l.atNs <= kSpanNs; });
    count_ = static_cast<std::uint32_t>(std::move(stale, looks_.begin() + count_, looks_.begin()) - looks_.begin());
    if (count_ == kLooks) --count_;
    looks_[count_++] = look;
  }

  std::uint32_t utilPercent(std::uint32_t device) const {
    std::uint32_t most = 0;
    for (std::uint32_t i = 0; i < count_; ++i) most = std::max(most, looks_[i].utilPercent[device]);
    return most;
  }

  std::uint64_t driverReportedBytes(std::uint32_t device) const {
    std::uint64_t most = 0;
    for (std::uint32_t i = 0; i < count_; ++i) most = std::max(most, looks_[i].driverReportedBytes[device]);
    return most;
  }

  /// Nanoseconds between the first and the last look; above `kFlickerPeriodNs` the maxima can be trusted.
  std::int64_t spanNs() const { return count_ == 0 ? 0 : looks_[count_ - 1].atNs - looks_[0].atNs; }

 private:
  std::array<Look, kLooks> looks_{};
  std::uint32_t count_ = 0;
};

}  // namespace gna::hami
