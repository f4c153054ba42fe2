// One thread per GPU: handle look-up, event registration and every call of that GPU.

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "core/nvml/gather.h"
#include "core/nvml/gpu_reader.h"
#include "core/proc/thread_id.h"
#include "sampler/engine_state.h"
#include "sampler/missing_gpus.h"
#include "sampler/watched_listing.h"

namespace gna {

namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::int64_t kProbeEveryNs = 30 * kSecondNs;
constexpr std::int64_t kProbeQuickNs = kSecondNs / 10;
constexpr std::int64_t kRegisterAgainNs = 5 * kSecondNs;
constexpr std::int64_t kListAgainNs = 5 * kSecondNs;
constexpr int kProbesToTrust = 10;  // five minutes of quick answers after XID 79/119/120
constexpr int kUnknownCyclesToFail = 3;

// Frequent or meaningless types (P-state, clock change, single-bit ECC) are left out; see nvml.md §5.16.
constexpr std::uint64_t kWantedEvents =
    nvml::kEventTypeXidCriticalError | nvml::kEventTypeDoubleBitEccError | nvml::kEventTypePowerSourceChange |
    nvml::kEventMigConfigChange | nvml::kEventTypeSingleBitEccErrorStorm | nvml::kEventTypeDramRetirementEvent |
    nvml::kEventTypeDramRetirementFailure | nvml::kEventTypeNonFatalPoisonError | nvml::kEventTypeFatalPoisonError |
    nvml::kEventTypeGpuUnavailableError | nvml::kEventTypeGpuRecoveryAction;

/// What one GPU's thread keeps between cycles.
class GpuLoop {
 public:
  GpuLoop(EngineState& state, std::uint32_t gpuIndex)
      : s_(state),
        slot_(*state.gpus[gpuIndex]),
        ring_(state.segment.gpu(gpuIndex)),
        reader_(state.library, slot_.lane, *state.clock, gpuIndex, &state.leaving, {state.options.nvlinkLinks}),
        index_(gpuIndex) {
    begin();
  }

  /// Lets go of the driver before it is shut down.
  void park() {
    if (slot_.parked.load(std::memory_order_relaxed)) return;
    // What control published of this generation stands as long as no cycle of it was begun.
    const bool begun = generation_ != 0;
    reader_.giveBack();
    reader_.detach(shm::GpuState::attaching, 0);
    slot_.handle.store(nullptr, std::memory_order_release);
    slot_.registered.store(false, std::memory_order_release);
    slot_.failing.store(false, std::memory_order_release);
    slot_.reading.store(false, std::memory_order_release);
    registeredSet_ = 0;
    generation_ = 0;
    if (begun) publish();
    slot_.parked.store(true);
    s_.controlBell.ring();
  }

  /// With --once, after a cycle was given back: when somebody knows more than when it began, whoever waits gets the
  /// next one at once, not after the interval.
  void passOn() {
    if (!s_.options.once || s_.onceProgress.load(std::memory_order_acquire) == onceBefore_) return;
    s_.tickNow.store(true, std::memory_order_release);
    s_.wakeMain();
  }

  void cycle(std::uint64_t number) {
    onceBefore_ = s_.onceProgress.load(std::memory_order_acquire);
    const std::uint64_t generation = s_.generation.load(std::memory_order_acquire);
    if (generation == 0) return;
    const std::int64_t now = s_.clock->monotonicNs();
    // A cycle that was given out before the last init may find that the index has become another GPU's since.
    if (!s_.isLookedUp(index_)) return;
    if (generation != generation_) {
      generation_ = generation;
      begin();
      retryNs_ = 0;
      unknownCycles_ = 0;
      probing_ = false;
    }
    takeSuspicion();
    if (probing_) {
      probe(now, number);
    } else if (!reader_.handle() && now < retryNs_) {
      // Lost or refused: asked slowly.
    } else if (reader_.handle() || attach(now)) {
      // --once reads once: its later cycles are for the pairs, which take that the others have been read as well.
      if (!s_.options.once || reader_.record().cycle == 0) read(number, now);
      readPeers();
    }
    publish();
    if (s_.options.once && s_.options.topology) {
      onceWithPeers();
      return;
    }
    slot_.settled.store(true, std::memory_order_release);
  }

 private:
  /// Goes on from what control published for this index: who is expected there, and its totals.
  void begin() {
    shm::GpuFixed base;
    nvml::readCarried(s_.segment, index_, base);
    expected_ = base.pci_bus_id;
    reader_.begin(base, s_.formers);
  }

  /// How this GPU may be looked up now; nothing = not at all. Indexes are those of the last init only as long as the
  /// driver has the same GPUs: with another set, this index may have become that of a GPU that is not to be touched. A
  /// set that cannot be seen is not another one. That lost GPUs are missing says nothing about the others: they go on,
  /// and one that has to be looked up is found by its address.
  std::optional<nvml::GpuReader::By> mayLookUp(std::int64_t now) {
    using By = nvml::GpuReader::By;
    const bool moved = s_.indexesMayHaveMoved.load(std::memory_order_acquire);
    if (!s_.listed) return moved ? byAddress(now) : By::index;
    const auto list = listUnderWatch(slot_.lane, s_.options.procfs);
    if (list == s_.listed) return moved ? byAddress(now) : By::index;
    if (!list) {
      if (s_.options.excluded.empty()) return By::index;  // nobody is to be avoided, and the GPU says who it is
      retryNs_ = now + kListAgainNs;
      return std::nullopt;
    }
    if (!onlyLostOnesLeft(*s_.listed, *list, s_.lostGpus())) {
      retryNs_ = now + kProbeEveryNs;
      s_.requestReinit(nvml::kErrorGpuNotFound);
      return std::nullopt;
    }
    const auto own = proc::parsePciAddress(reader_.record().pci_bus_id);
    if (own && std::find(list->begin(), list->end(), *own) != list->end()) return byAddress(now);
    retryNs_ = now + kProbeEveryNs;
    return std::nullopt;
  }

  /// Only a GPU that has said itself where it is.
  std::optional<nvml::GpuReader::By> byAddress(std::int64_t now) {
    if (reader_.record().pci_bus_id[0] != 0 && reader_.record().placed_by_order == 0)
      return nvml::GpuReader::By::address;
    retryNs_ = now + kProbeEveryNs;
    return std::nullopt;
  }

  bool attach(std::int64_t now) {
    const auto by = mayLookUp(now);
    if (!by) return false;
    if (!reader_.attach(generation_, s_.driverMajor.load(std::memory_order_acquire), *by)) {
      retryNs_ = now + kProbeEveryNs;
      slot_.failing.store(false, std::memory_order_release);
      if (reader_.driverCode() != nvml::kSuccess) s_.requestReinit(reader_.driverCode());
      return false;
    }
    slot_.handle.store(reader_.handle(), std::memory_order_release);
    registeredSet_ = 0;
    registerAgainNs_ = 0;
    return true;
  }

  void read(std::uint64_t number, std::int64_t now) {
    registerEvents(now);
    if (slot_.migChanged.exchange(false, std::memory_order_acq_rel)) reader_.migChanged();
    const nvml::CycleVerdict verdict = reader_.readCycle(number);
    const nvml::Return result = verdict.driverCode != nvml::kSuccess ? verdict.driverCode : reader_.fatalCode();
    slot_.lane.book(nvml::Call::GpuCycle, result, reader_.record().gather_duration_ns);
    if (verdict.driverCode != nvml::kSuccess) s_.requestReinit(verdict.driverCode);
    checkPlace();
    unknownCycles_ = verdict.allUnknown ? unknownCycles_ + 1 : 0;
    slot_.failing.store(unknownCycles_ >= kUnknownCyclesToFail, std::memory_order_release);
    slot_.reading.store(reader_.handle() != nullptr, std::memory_order_release);
    if (unknownCycles_ == kUnknownCyclesToFail) s_.controlBell.ring();
    if (!reader_.handle()) {
      // The handle stays in the slot: events that are under way still name it.
      // A stale handle is looked up again at once, a second time slowly; a dead GPU always slowly.
      const bool stale = reader_.record().state_code == nvml::kErrorInvalidArgument;
      retryNs_ = stale && !staleBefore_ ? 0 : now + kProbeEveryNs;
      staleBefore_ = stale;
    } else {
      staleBefore_ = false;
    }
  }

  /// Another GPU as its own thread has it, while that one reads it in the cycles of this generation; nothing else is
  /// asked about. One that is late, lost, probed or left out is not touched from here.
  std::optional<nvml::PeerGpu> peerAt(std::uint32_t i, shm::GpuFixed& record) const {
    const GpuSlot& slot = *s_.gpus[i];
    if (!s_.isLookedUp(i) || !slot.reading.load(std::memory_order_acquire)) return std::nullopt;
    const std::uint64_t assigned = slot.assignedCycle.load(std::memory_order_acquire);
    const bool busy = slot.doneCycle.load(std::memory_order_acquire) != assigned;
    if (busy && assigned < s_.cycle.load(std::memory_order_acquire)) return std::nullopt;  // late: it may be stuck
    if (!nvml::readCarried(s_.segment, i, record) || record.generation != generation_ ||
        record.state != shm::GpuState::up || record.uuid[0] == 0)
      return std::nullopt;
    const nvml::Device handle = slot.handle.load(std::memory_order_acquire);
    if (!handle) return std::nullopt;
    return nvml::PeerGpu{i, handle, record.uuid};
  }

  /// What this GPU and each of the others are to each other, as far as it is not known yet.
  void readPeers() {
    if (!s_.options.topology || !reader_.handle()) return;
    const std::uint32_t n = s_.gpuSlots.load(std::memory_order_acquire);
    shm::GpuFixed record;
    bool turn = false;
    for (std::uint32_t i = 0; i < n; ++i) {
      if (i == index_ || !reader_.wantsPeer(i)) continue;
      const auto peer = peerAt(i, record);
      if (!peer) continue;
      if (!turn && s_.pairsAsked.exchange(true)) return;  // another thread's turn: the next cycle comes
      turn = true;
      reader_.readPeer(*peer);
      if (reader_.driverCode() != nvml::kSuccess) {
        s_.requestReinit(reader_.driverCode());
        break;
      }
    }
    if (turn) s_.pairsAsked.store(false);
  }

  /// --once ends for this GPU when it has been read and so have its pairs with all that can be read.
  void onceWithPeers() {
    const std::uint32_t n = s_.gpuSlots.load(std::memory_order_acquire);
    shm::GpuFixed record;
    bool waits = false;
    for (std::uint32_t i = 0; i < n && reader_.handle() && !waits; ++i) {
      if (i == index_ || !s_.isLookedUp(i) || !reader_.wantsPeer(i)) continue;
      const bool begun = nvml::readCarried(s_.segment, i, record) && record.generation == generation_;
      waits = !begun || record.state == shm::GpuState::attaching || record.state == shm::GpuState::up;
    }
    slot_.settled.store(!waits, std::memory_order_release);
    const std::uint64_t known = reader_.lists().peers.size() + 1;
    if (known != std::exchange(onceKnown_, known)) s_.onceProgress.fetch_add(1, std::memory_order_acq_rel);
  }

  /// The GPU must be the one that was expected here: who the others are, and whom to leave alone, was decided by the
  /// same reckoning. Control knows what follows.
  void checkPlace() {
    const char* found = reader_.record().pci_bus_id;
    if (expected_.empty() || found[0] == 0 || expected_ == found) return;
    expected_.clear();
    s_.misplaced.store(true, std::memory_order_release);
    s_.controlBell.ring();
  }

  /// Registers this GPU's events in the current set, once per set. A passing error is tried again; the events thread
  /// does not free a set while somebody is in here.
  void registerEvents(std::int64_t now) {
    if (registeredSet_ == s_.eventSetNumber.load(std::memory_order_acquire) || now < registerAgainNs_) return;
    if (!s_.eventSet.load()) return;
    slot_.registering.store(true);
    const nvml::EventSet set = s_.eventSet.load();
    const std::uint64_t number = s_.eventSetNumber.load();
    if (set && number != registeredSet_) {
      const nvml::Return code = registerIn(set);
      const bool done = code == nvml::kSuccess || nvml::isUnsupported(code);
      if (done) registeredSet_ = number;
      registerAgainNs_ = done ? 0 : now + kRegisterAgainNs;
      slot_.registered.store(code == nvml::kSuccess, std::memory_order_release);
    }
    slot_.registering.store(false);
    s_.eventsBell.ring();
  }

  nvml::Return registerIn(nvml::EventSet set) {
    slot_.lane.beginBatch();
    nvml::Gather gather{reader_};
    std::uint64_t supported = 0;
    nvml::Return code = gather.call(nvml::Call::DeviceGetSupportedEventTypes, reader_.handle(), &supported);
    if (code == nvml::kSuccess) {
      const auto types = static_cast<unsigned long long>(supported & kWantedEvents);
      code = types == 0 ? nvml::kErrorNotSupported
                        : gather.call(nvml::Call::DeviceRegisterEvents, reader_.handle(), types, set);
    }
    slot_.lane.idle();
    return code;
  }

  void takeSuspicion() {
    if (slot_.suspectXid.exchange(0, std::memory_order_acq_rel) == 0) return;
    probing_ = true;
    goodProbes_ = 0;
    retryNs_ = 0;
    reader_.suspect();
  }

  void probe(std::int64_t now, std::uint64_t number) {
    if (now < retryNs_) return;
    retryNs_ = now + kProbeEveryNs;
    if (!reader_.handle()) {  // lost since, or its driver was initialised anew
      if (!attach(now)) return;
      reader_.suspect();
    }
    const std::int64_t started = Clock::kernelMonotonicNs();
    const bool answered = reader_.probe();
    if (reader_.driverCode() != nvml::kSuccess) s_.requestReinit(reader_.driverCode());
    if (reader_.fatalCode() != nvml::kSuccess) {  // lost: the state says so, and it is looked up again slowly
      probing_ = false;
      return;
    }
    goodProbes_ = answered && Clock::kernelMonotonicNs() - started < kProbeQuickNs ? goodProbes_ + 1 : 0;
    if (goodProbes_ < kProbesToTrust) return;
    probing_ = false;
    retryNs_ = 0;
    read(number, now);
  }

  void publish() { shm::publishGpu(ring_, reader_.record(), reader_.lists()); }

  EngineState& s_;
  GpuSlot& slot_;
  shm::SlotRing ring_;
  nvml::GpuReader reader_;
  const std::uint32_t index_;
  std::string expected_;  // PCI address, empty = nobody knows
  std::uint64_t generation_ = 0;
  std::uint64_t registeredSet_ = 0;               // number of the set, 0 = none
  std::uint64_t onceKnown_ = 0, onceBefore_ = 0;  // with --once: what this thread told, and what was told before
  std::int64_t retryNs_ = 0, registerAgainNs_ = 0;
  int unknownCycles_ = 0, goodProbes_ = 0;
  bool probing_ = false, staleBefore_ = false;
};

}  // namespace

void gpuThread(const std::shared_ptr<EngineState>& state, std::uint32_t gpuIndex) {
  EngineState& s = *state;
  GpuSlot& slot = *s.gpus[gpuIndex];
  slot.lane.adopt(proc::currentThreadId());
  GpuLoop loop(s, gpuIndex);
  while (!s.leaving.load(std::memory_order_acquire)) {
    const std::uint32_t seen = slot.bell.rings();
    const std::uint64_t assigned = slot.assignedCycle.load(std::memory_order_acquire);
    // First say that we are up, then look whether we may be: control does the two in the opposite order, and
    // sequential consistency lets one of us see the other.
    if (!s.park.load()) slot.parked.store(false);
    if (s.park.load())
      loop.park();
    else if (assigned != slot.doneCycle.load(std::memory_order_relaxed))
      loop.cycle(assigned);
    if (assigned != slot.doneCycle.load(std::memory_order_relaxed)) {
      slot.doneCycle.store(assigned, std::memory_order_release);
      s.arrive(assigned);
      loop.passOn();
      continue;
    }
    if (s.leaving.load(std::memory_order_acquire)) break;
    slot.bell.wait(seen, -1);
  }
}

}  // namespace gna
