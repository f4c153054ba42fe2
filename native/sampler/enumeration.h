#pragma once
// Which GPU stands at which NVML index, found out without a handle, and which indexes must therefore never be looked
// up. See docs/decisions/gpus-are-left-out-by-identity.md.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/proc/driver_gpus.h"
#include "core/shm/segment.h"

namespace gna {

/// A GPU that is to be left alone, by all that is known of it: an index alone, or a UUID, an address, or both.
struct ExcludedGpu {
  std::optional<std::uint32_t> index;
  std::string uuid;
  std::optional<proc::PciAddress> address;  // with a UUID: where it was last seen
};

/// Reads `3`, `GPU-…`, `0000:41:00.0` or `GPU-…@0000:41:00.0`. Nothing for any other text.
std::optional<ExcludedGpu> parseExcludedGpu(const std::string& text);

/// A GPU as it was last known: by this process, or by a predecessor.
struct FormerGpu {
  shm::GpuFixed record;
  std::optional<std::uint32_t> index;  // in the enumeration before this one; none = it was not in it
};

/// What is remembered when the driver is initialised anew.
struct FormerGpus {
  std::vector<FormerGpu> gpus;  // newest knowledge first
  std::uint64_t count = 0;      // GPUs in the enumeration before; 0 = there was none

  /// Takes in what a segment's records say: of GPUs that were enumerated and of those that were gone already.
  /// `asEnumerated` = theirs is the enumeration before this one. Totals of records that are there already stand.
  /// `misplaced` = an index turned out to be another GPU's: those that nobody looked up may be elsewhere too. What
  /// followed from an order that does not hold is not taken in.
  void add(const shm::Segment& segment, const shm::DriverRecord& driver, bool asEnumerated, bool misplaced = false);
};

/// One index of NVML.
struct GpuPosition {
  std::optional<proc::PciAddress> address;
  const FormerGpu* former = nullptr;   // who stood at that address before
  const ExcludedGpu* named = nullptr;  // left out because of this; null = looked up
  bool inDoubt = false;                // it may be the one named; nobody can say without looking it up
  bool byOrder = false;                // the address follows from the order of the indexes: nobody saw it here
};

/// What there is to go by.
struct EnumerationSources {
  std::uint32_t count = 0;  // as nvmlDeviceGetCount says
  /// Addresses in /proc/driver/nvidia/gpus, ascending; nothing = not readable.
  std::optional<std::vector<proc::PciAddress>> listed;
  const FormerGpus& former;
  /// Reads a GPU's information file. It may sleep in the driver: asked only where nothing else can tell, and never of
  /// a GPU that is to be left alone.
  std::function<std::optional<proc::DriverGpuInformation>(const proc::PciAddress&)> information;
  /// Whether NVML's indexes are in the order of the addresses, as far as anybody has seen.
  bool inOrder = true;
};

/// Says who stands where. The positions point into `sources.former` and `excluded`.
std::vector<GpuPosition> enumerateGpus(const EnumerationSources& sources, const std::vector<ExcludedGpu>& excluded);

}  // namespace gna
