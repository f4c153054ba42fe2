#pragma once
// Shared by the gather steps: making a call under watch and booking its result. One step per subject, in files named
// gather_<subject>.cpp.

#include <initializer_list>
#include <limits>

#include "core/nvml/gpu_reader.h"
#include "core/nvml/scale.h"

namespace gna::nvml {

/// Returned instead of an NVML code when no call was made.
inline constexpr Return kNoSuchSymbol = 0xFFFFFFFEu;
inline constexpr Return kCallSkipped = 0xFFFFFFFFu;

/// Status byte of a return code (reading_status in readings.h).
std::uint8_t statusOf(Return r);

/// Codes after which asking again is pointless until the next init or identity round (nvml.md §4).
bool isUnsupported(Return r);

/// Codes that make the whole GPU unreadable: 8, 11, 15, 16.
bool isDeviceFatal(Return r);

/// Codes that ask for a new init of the driver: 1, 9, 18, 28.
bool isDriverWide(Return r);

/// How a simple getter gives its value.
enum class Shape : std::uint8_t {
  u32,               // f(device, u32*)
  u64,               // f(device, u64*)
  u32Indexed,        // f(device, u32 argument, u32*)
  percentAndPeriod,  // f(device, u32* percent, u32* periodMicroseconds)
  u64ByTwo,          // f(device, u32 argument, u32 argument2, u64*)
};

/// A simple getter: adding one of these is adding a reading.
struct ScalarRow {
  Call call;
  Reading reading;
  Scale scale;
  Shape shape = Shape::u32;
  std::uint32_t argument = 0;
  std::uint32_t argument2 = 0;
  double highest = std::numeric_limits<double>::infinity();  // in driver units; above = implausible
  Call fallback = Call::none;                                // same shape, older name
};

/// One gather round of one GPU.
struct Gather {
  GpuReader& g;
  bool identityRound = false;
  bool minuteRound = false;

  /// Makes a call if the library has it and no fatal code came before it in this round.
  template <typename... A>
  Return call(Call id, A... arguments) {
    using F = Return (*)(A...);
    if (g.fatal_ != kSuccess || g.driverCode_ != kSuccess) return kCallSkipped;
    if (g.stop_ && g.stop_->load(std::memory_order_relaxed)) return kCallSkipped;
    const F function = g.library_.get<F>(id);
    if (!function) return kNoSuchSymbol;
    ++g.calls_;
    const Return r = g.lane_.run(id, function, arguments...);
    if (r != kSuccess) g.note(r);
    return r;
  }

  /// Whether a reading is to be asked in this round.
  bool due(Reading r) const;
  /// Stores a value or the reason for its absence.
  void store(Reading r, Return code, double value, double highest = std::numeric_limits<double>::infinity());

  void scalars();
  void identity();
  void memory();
  void utilization();
  void temperature();
  void fields();
  void processLists();
  bool migEnabled() const;
  void lookAgain();  // at the MIG instances, in the next cycle
  void migDevices();
  void migMemory();
};

}  // namespace gna::nvml
