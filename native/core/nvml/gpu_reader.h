#pragma once
// All calls of one GPU, made by one thread. Owns the GPU's record; knows nothing of threads, clocks of others or
// shared memory.

#include <array>
#include <atomic>
#include <bitset>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/clock/clock.h"
#include "core/nvml/field_batch.h"
#include "core/nvml/gpm_sampler.h"
#include "core/nvml/lane.h"
#include "core/nvml/library.h"
#include "core/nvml/mig_layout.h"
#include "core/nvml/process_accounts.h"
#include "core/nvml/process_list.h"
#include "core/nvml/utilization_integrator.h"
#include "core/readings/readings.h"
#include "core/shm/segment.h"

namespace gna::nvml {

/// What a cycle's codes say beyond this GPU's readings.
struct CycleVerdict {
  Return driverCode = kSuccess;  // 1, 9, 18 or 28: the whole driver has to be initialised anew
  bool allUnknown = false;       // every call answered 999
  std::uint32_t calls = 0;       // driver calls made
};

/// What is only read when it is asked for: many numbers, and calls of their own.
struct Detail {
  bool links = false;  // each NVLink's counters, not only their sum
};

/// Another GPU whose own thread reads it now. Its handle is never looked up by anybody else: a look-up attaches, and
/// the GPU may be one that is to be left alone.
struct PeerGpu {
  std::uint32_t index = 0;
  Device handle = nullptr;
  const char* uuid = nullptr;
};

/// Errors of one PCIe lane. Kept between rounds: lanes that are not there are not asked again.
struct LaneErrors {
  double count = 0;
  std::uint8_t status = reading_status::kNotAsked;
  bool asleep = false;
};

/// What is not asked again of one MIG instance.
struct MigDormant : Dormant<MigReading> {
  bool name = false;
};

/// Reads one GPU. Not thread-safe: all members are for the one thread that owns the lane.
class GpuReader {
 public:
  /// `stop`, once set, keeps any further call from being started; null = never.
  GpuReader(const Library& library, Lane& lane, const Clock& clock, std::uint32_t gpuIndex,
            const std::atomic<bool>* stop = nullptr, Detail detail = {});

  /// Begins a new enumeration: `base` stands until the driver says otherwise. When it says that another GPU has this
  /// index, the totals go on from the one of `formers` with the same UUID. `formers` must outlive the enumeration.
  void begin(const shm::GpuFixed& base, const std::vector<shm::GpuFixed>& formers);

  /// Looks the handle up, by the index or, where that may mean another GPU by now, by the GPU's PCI address. False when
  /// the GPU cannot be read; the record says why.
  enum class By { index, address };
  bool attach(std::uint64_t generation, std::uint32_t driverMajor, By by = By::index);

  /// Code of the last attach or cycle by which the whole driver has to be initialised anew, else success.
  Return driverCode() const { return driverCode_; }
  /// Code of the last attach, cycle or probe that makes this GPU unreadable, else success.
  Return fatalCode() const { return fatal_; }

  /// Gives back what the library allocated for this GPU. Before the driver is shut down.
  void giveBack();

  /// Forgets the handle; readings become absent. Totals stay.
  void detach(shm::GpuState state, Return code);

  /// One cycle. Which cadences are due is decided by the injected clock.
  CycleVerdict readCycle(std::uint64_t cycle);

  /// Whether something about another GPU is still to be asked: once per look-up and hourly, after a passing error again
  /// in a minute.
  bool wantsPeer(std::uint32_t index) const { return handle_ != nullptr && !peersAsked_[index]; }

  /// Asks what this GPU and another are to each other. What the driver refuses is that pair's reason and says nothing
  /// of either GPU; see driverCode() for the whole driver.
  void readPeer(const PeerGpu& peer);

  /// After XID 79, 119 or 120: readings are absent, only probe() may ask.
  void suspect();

  /// One cheap call on a suspect GPU. True when it answered.
  bool probe();

  /// A MIG configuration event came: enumerate instances in the next cycle.
  void migChanged() {
    migDueNs_ = 0;
    migRefused_ = kSuccess;
  }

  Device handle() const { return handle_; }
  const shm::GpuFixed& record() const { return record_; }
  shm::GpuFixed& record() { return record_; }
  const shm::GpuLists& lists() const { return lists_; }

 private:
  friend struct Gather;

  void set(Reading r, double value);
  void absent(Reading r, std::uint8_t status);
  void clearReadings(std::uint8_t status);
  void continueTotals(const char* formerUuid);
  void goOnFrom(const shm::GpuFixed& former);
  void planIdentity(std::int64_t now);
  Return lookUp(By by);
  void wake();
  /// Books a code other than success for the cycle's verdict.
  void note(Return r);

  const Library& library_;
  Lane& lane_;
  const Clock& clock_;
  const std::uint32_t gpuIndex_;
  const std::atomic<bool>* const stop_;
  const Detail detail_;
  std::uint32_t driverMajor_ = 0;
  Device handle_ = nullptr;
  shm::GpuFixed record_;
  const std::vector<shm::GpuFixed>* formers_ = nullptr;
  UtilizationIntegrator integrator_;
  std::vector<Sample> samples_;
  MigLayout layout_;
  ProcessAccounts accounts_;
  shm::GpuLists lists_;
  std::vector<Device> migHandles_;  // of lists_.mig
  Return migRefused_ = kSuccess;    // why instances may not be looked up: not asked again before the identity round
  bool migListed_ = false;          // lists_.mig is how the GPU is divided
  std::array<ProcessBuffer, 3> processBuffers_;
  std::array<std::size_t, 3> processStride_{};    // 0 = undecided
  std::array<std::uint8_t, 3> processVariant_{};  // index into the fallback chain
  Dormant<Reading> dormant_;
  std::array<Return, kCallCount> refused_{};  // codes of functions that are not asked until the next identity round
  std::vector<MigDormant> migDormant_;        // of lists_.mig
  std::vector<Dormant<LinkReading>> linkDormant_;    // of lists_.links
  std::vector<Dormant<C2cLinkReading>> c2cDormant_;  // of lists_.c2cLinks
  std::vector<Dormant<FanReading>> fanDormant_;      // of lists_.fans
  std::bitset<shm::kMaxGpus> peersAsked_;            // by index: nothing more to ask in this identity round
  std::bitset<shm::kMaxGpus> peersToRetry_;          // a passing error came
  FieldBatch fields_;
  std::array<LaneErrors, 16> laneErrors_;
  GpmPair gpm_;
  std::vector<GpmPair> migGpm_;
  GpmRequest gpmRequest_;
  Return gpmCode_ = kErrorNotSupported;  // why there is no activity
  bool gpmSupported_ = false;
  std::vector<ProcessUtilizationInfo_v1> useSamples_;
  std::vector<ProcessUtilizationSample> oldUseSamples_;
  std::uint64_t useLastSeenUs_ = 0;
  bool oldProcessUse_ = false;  // this driver has only the older call
  bool migProfilesKnown_ = false;
  std::int64_t identityDueNs_ = 0, minuteDueNs_ = 0, mediumDueNs_ = 0, migDueNs_ = 0;
  // This cycle's bookkeeping
  Return fatal_ = kSuccess, driverCode_ = kSuccess;
  std::uint32_t calls_ = 0, unknowns_ = 0, invalids_ = 0;
  bool identityIncomplete_ = false;  // a passing error kept something from being known: asked again soon
  std::int64_t identityAgainNs_ = 0;
};

/// Newest record of index `i` in a segment's memory. False when there is none.
bool readCarried(const shm::Segment& predecessor, std::uint32_t i, shm::GpuFixed& out);

}  // namespace gna::nvml
