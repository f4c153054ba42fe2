#pragma once
// All usage files of a node. `sweep()` lists the directories and looks at every file; `sample()` looks again at the
// files known, cheaply: a healthy file is held open, and each look asks first whether its name still leads to it. So a
// replaced or removed file is noticed, and let go of, at the next look. One thread; may block on a hung file system, so
// use one of its own.

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/hami/flicker_window.h"
#include "core/hami/owned_fd.h"
#include "core/hami/usage_file.h"

namespace gna::hami {

inline constexpr std::uint32_t kMaxContainersPerRoot = 4096;
inline constexpr std::uint32_t kMaxRootEntries = 65536;    // looked at per root and sweep, of any kind
inline constexpr std::uint32_t kMaxContainerEntries = 16;  // a healthy directory has two
inline constexpr std::uint32_t kMaxHeldFiles = 4096;       // and never more than half the process's descriptors

/// Where HAMi and Volcano put their directories, likeliest first: HAMi, Volcano device plugin 1.12, Volcano ≤ 1.11.
std::span<const char* const> defaultRoots();

/// The roots to sweep: the default ones below `rootfs` (where the host's `/` is mounted; empty = here), then the
/// configured ones as they are.
std::vector<std::string> rootsBelow(const std::string& rootfs, std::span<const std::string> configured);

/// The numbers travel in the encoded sweep: append, never renumber.
enum class RootCondition : std::uint32_t {
  notSwept = 0,
  readable = 1,
  missing = 2,      // normal: that producer is not installed
  notReadable = 3,  // not a directory, or the kernel refused: see the error number
  duplicate = 4,    // the same directory as an earlier root
};
inline constexpr std::uint32_t kRootConditions = 5;

/// One root as the last sweep found it.
struct RootState {
  RootCondition condition = RootCondition::notSwept;
  std::uint32_t errorNumber = 0;   // errno, 0 = none
  std::uint32_t ownerUid = 0;      // meaningful when readable; not 0: somebody other than root made it
  std::uint32_t containers = 0;    // directories with a container's name
  std::uint32_t beyondLimit = 0;   // such directories not looked at, more than kMaxContainersPerRoot
  std::uint32_t otherEntries = 0;  // everything else, passed over
  bool listingCut = false;         // more than kMaxRootEntries entries, or the listing failed half-way
};

/// One container's directory and what its usage file said at the last look.
struct ContainerUsage {
  std::uint32_t root = 0;           // index into the roots
  std::string podUid;               // for `badName` empty
  std::string container;            // for `badName` the whole name, escaped
  Refusal refusal = Refusal::none;  // other than none: `usage` is empty
  std::uint32_t errorNumber = 0;    // errno behind the refusal, 0 = none
  std::int64_t lookedNs = 0;        // monotonic time of the last look
  std::int64_t windowSpanNs = 0;    // width of the looks behind utilisation and driver-reported memory
  FileUsage usage;
};

/// What a sweeper knows. Valid until its next call.
struct SweepView {
  std::int64_t sweptNs = 0;    // monotonic time of the last sweep, 0 = none yet
  std::int64_t sampledNs = 0;  // of the last look at the files
  std::uint64_t sweeps = 0;
  std::uint64_t replacedFiles = 0;  // since the start: another file stood under a known name
  RefusalCounts refusals{};
  std::span<const RootState> roots;
  std::span<const ContainerUsage* const> containers;  // by root, then by name
};

class Sweeper {
 public:
  /// Paths of the roots; they need not exist. A root may itself be a link, what lies below may not.
  explicit Sweeper(std::vector<std::string> roots);
  ~Sweeper();
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;

  /// Lists all roots, then looks at every file. `nowNs`: monotonic nanoseconds of the injected clock.
  void sweep(std::int64_t nowNs);

  /// Looks again at the files of the last sweep. Utilisation and driver-reported memory are the maximum over the
  /// looks of the last two seconds, so call it at least once more than `kFlickerPeriodNs` after the sweep.
  void sample(std::int64_t nowNs);

  SweepView view() const;

 private:
  struct Known;
  struct Root;
  void list(Root& root);
  void merge(Root& root);
  void choose(Root& root, Known& known);
  void look(const Root& root, Known& known, std::int64_t nowNs);
  ReadOutcome readAgain(const Root& root, Known& known);

  std::vector<Root> roots_;
  std::vector<RootState> states_;
  std::vector<const ContainerUsage*> order_;
  Scratch scratch_;
  std::uint32_t mayHold_, held_ = 0;  // files kept open between looks
  std::int64_t sweptNs_ = 0, sampledNs_ = 0;
  std::uint64_t sweeps_ = 0, replaced_ = 0;
};

}  // namespace gna::hami
