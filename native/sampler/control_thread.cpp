// The control thread: opens the library, initialises, counts, shuts down and initialises anew. Only it does these.

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/nvml/gpu_reader.h"
#include "core/nvml/return_code.h"
#include "core/proc/small_file.h"
#include "core/proc/thread_id.h"
#include "sampler/confidential_state.h"
#include "sampler/driver_versions.h"
#include "sampler/engine_state.h"
#include "sampler/missing_gpus.h"
#include "sampler/watched_listing.h"

namespace gna {

namespace {

using nvml::Call;
using nvml::Return;

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::int64_t kRetryNs = 5 * kSecondNs;
constexpr std::int64_t kRecountNs = 60 * kSecondNs;
constexpr std::int64_t kLongestReinitWaitNs = 60 * kSecondNs;
constexpr std::int64_t kSoundNs = 300 * kSecondNs;
constexpr std::uint64_t kNoThreadCode = 23;  // insufficient resources

template <std::size_t N>
void assign(char (&to)[N], const std::string& text) {
  std::snprintf(to, N, "%s", text.c_str());
}

shm::DriverState stateOf(Return code) {
  switch (code) {
    case nvml::kSuccess: return shm::DriverState::initialized;
    case nvml::kErrorDriverNotLoaded: return shm::DriverState::not_loaded;
    case nvml::kErrorLibRmVersionMismatch: return shm::DriverState::mismatch;
    default: return shm::DriverState::failed;
  }
}

/// What an answer of init says to who runs the node (nvml.h, nvmlReturn_t).
const char* meaning(Return code) {
  switch (code) {
    case nvml::kErrorDriverNotLoaded: return "the nvidia kernel module is not loaded";
    case nvml::kErrorLibRmVersionMismatch: return "library and kernel module are of different versions";
    case nvml::kErrorNoPermission: return "no permission to open the device nodes";
    case nvml::kErrorFunctionNotFound: return "the library has no init function";
    case nvml::kErrorInsufficientPower: return "a GPU's power cable is not attached as it should be";
    case nvml::kErrorTimeout: return "the driver gave up waiting";
    case nvml::kErrorIrqIssue: return "the kernel has trouble with a GPU's interrupts";
    case nvml::kErrorLibraryNotFound: return "a library that belongs to the driver is missing";
    case nvml::kErrorGpuIsLost: return "a GPU is lost";
    case nvml::kErrorResetRequired: return "a GPU must be reset first";
    case nvml::kErrorOperatingSystem:
      return "the operating system refused: a device rule of the cgroup, a sandbox, a read-only mount";
    case nvml::kErrorMemory: return "out of memory";
    case nvml::kErrorNotReady: return "the system is not ready yet";
    case nvml::kErrorGpuNotFound: return "the driver finds no GPU";
    case nvml::kErrorUnknown: return "an internal error of the driver";
    default: return "a code of nvmlReturn_t that the agent does not know";
  }
}

class Control {
 public:
  explicit Control(std::shared_ptr<EngineState> state) : state_(std::move(state)), s_(*state_) {}

  void run() {
    s_.controlLane.adopt(proc::currentThreadId());
    if (s_.options.excludeAll) {
      record_.state = shm::DriverState::unused;
      assign(record_.message, "released: the driver is not touched");
      publish();
      finishAttempt();
      while (!leaving()) sleep(s_.controlBell.rings(), -1);
      return;
    }
    while (!leaving()) {
      const std::uint32_t seen = s_.controlBell.rings();
      if (openAndInit())
        serve();
      else
        sleep(seen, kRetryNs);
    }
  }

 private:
  bool leaving() const { return s_.leaving.load(std::memory_order_acquire); }

  // Until somebody rings after `seen` was taken or, on the injected clock, `ns` passed (negative = no limit).
  void sleep(std::uint32_t seen, std::int64_t ns) {
    if (leaving()) return;
    if (ns < 0) {
      s_.controlBell.wait(seen, -1);
      return;
    }
    const std::int64_t deadline = s_.clock->monotonicNs() + ns;
    for (;;) {
      const std::int64_t real = s_.clock->sleepUntilNs(deadline);
      if (real == 0 || s_.controlBell.rings() != seen || leaving()) return;
      s_.controlBell.wait(seen, real);
    }
  }

  void publish() { s_.segment.driver().publish(&record_, sizeof record_); }

  void finishAttempt() {
    s_.attempted.store(true, std::memory_order_release);
    s_.tickNow.store(true, std::memory_order_release);
    s_.wakeMain();
  }

  template <typename... A>
  Return call(Call id, A... arguments) {
    using F = Return (*)(A...);
    const F function = s_.library.get<F>(id);
    if (leaving()) return nvml::kErrorTimeout;  // no call is started any more
    return function ? s_.controlLane.run(id, function, arguments...) : nvml::kErrorFunctionNotFound;
  }

  bool openLibrary() {
    if (s_.library.isOpen()) return true;
    std::string report;
    bool opened = false;
    // dlopen runs the library's constructors: it can sleep like any call.
    s_.controlLane.beginBatch();
    s_.controlLane.run(Call::LibraryOpen, [&]() -> Return {
      opened = s_.library.open({s_.options.nvmlLibrary, s_.options.driverRoots}, report);
      return opened ? nvml::kSuccess : nvml::kErrorLibraryNotFound;
    });
    s_.controlLane.idle();
    if (!opened) {
      record_.state = shm::DriverState::library_missing;
      record_.last_code = nvml::kErrorLibraryNotFound;
      assign(record_.message, report);
      return false;
    }
    assign(record_.library_path, s_.library.path());
    assign(record_.library_soname, s_.library.soname());
    assign(record_.library_version, s_.library.version());
    assign(record_.simulator, s_.library.simulatorInfo());
    record_.symbols_missing = s_.library.symbolsMissing();
    record_.foreign_symbols = s_.library.symbolsForeign();
    return true;
  }

  /// The init chain of nvml.md §1.1: no GPU at all is fine, and no GPU is attached by it.
  Return init() {
    asked_ = Call::InitWithFlags;
    Return code = call(asked_, nvml::kInitFlagNoGpus | nvml::kInitFlagNoAttach);
    if (code == nvml::kErrorInvalidArgument) code = call(asked_, nvml::kInitFlagNoGpus);
    for (Call older : {Call::Init_v2, Call::Init})
      if (code == nvml::kErrorFunctionNotFound) code = call(asked_ = older);
    return code == nvml::kErrorAlreadyInitialized ? nvml::kSuccess : code;
  }

  bool openAndInit() {
    ++record_.init_attempts;
    s_.reinitCode.store(0, std::memory_order_release);
    Return code = nvml::kErrorLibraryNotFound;
    readModuleVersion();
    if (openLibrary()) {
      s_.controlLane.beginBatch();
      code = init();
      if (code == nvml::kSuccess) {
        code = readVersionsAndCount();
        // Inits are counted: one that is not used has to be taken back, or a later shutdown shuts nothing down.
        if (code != nvml::kSuccess) call(Call::Shutdown);
      }
      s_.controlLane.idle();
      record_.last_code = code;
      record_.state = stateOf(code);
      if (code == nvml::kSuccess)
        record_.message[0] = 0;
      else
        explain(code);
    }
    if (code == nvml::kSuccess) {
      ++record_.generation;
      initializedNs_ = s_.clock->monotonicNs();
      recountNs_ = initializedNs_ + kRecountNs;
      prepareGpus();
      s_.parkEvents.store(false);
      s_.park.store(false);
      s_.generation.store(record_.generation, std::memory_order_release);
      s_.eventsBell.ring();
    }
    publish();
    finishAttempt();
    return code == nvml::kSuccess;
  }

  /// A file that sysfs keeps in memory: no driver is entered.
  void readModuleVersion() {
    std::string text = proc::readSmallFile(s_.options.sysfs + "/module/nvidia/version", 79).value_or("");
    assign(record_.module_version, text.substr(0, text.find_first_of(" \n")));
  }

  /// What an init that failed says of itself. What the driver told before it is not true any more.
  void explain(Return code) {
    record_.driver_version[0] = record_.nvml_version[0] = 0;
    record_.cuda_driver_version = 0;
    record_.readings.forget(reading_status::kNotAsked);
    const bool known = record_.library_version[0] && record_.module_version[0];
    std::string why = meaning(code);
    if (code == nvml::kErrorLibRmVersionMismatch && known)
      why = std::string("library ") + record_.library_version + ", kernel module " + record_.module_version;
    std::snprintf(record_.message, sizeof record_.message, "%s answered %u (%s)",
                  nvml::kCallSymbols[nvml::index(asked_)], code, why.c_str());
  }

  Return readVersionsAndCount() {
    versions_.forget(record_);
    readVersions();
    confidential_.wakeAll();
    readConfidential();
    return count(record_.gpu_count);
  }

  void readVersions() {
    versions_.read([this](Call id, auto... arguments) { return call(id, arguments...); }, record_);
    s_.driverMajor.store(static_cast<std::uint32_t>(record_.driver_major), std::memory_order_release);
  }

  void readConfidential() {
    confidential_.read([this](Call id, auto* answer) { return call(id, answer); }, record_.readings);
  }

  Return count(std::uint64_t& out) {
    std::uint32_t n = 0;
    Return code = call(asked_ = Call::DeviceGetCount_v2, &n);
    if (code == nvml::kErrorFunctionNotFound) code = call(asked_ = Call::DeviceGetCount, &n);
    if (code == nvml::kErrorNotFound || code == nvml::kErrorGpuNotFound) code = nvml::kSuccess, n = 0;
    if (code == nvml::kSuccess) out = n;
    return code;
  }

  /// Finds out who stands where, says so, and starts threads for the GPUs that are to be looked up.
  void prepareGpus() {
    const auto counted = static_cast<std::uint32_t>(std::min<std::uint64_t>(record_.gpu_count, shm::kMaxGpus));
    if (record_.gpu_count > counted && std::exchange(saidUnread_, record_.gpu_count) != record_.gpu_count)
      std::fprintf(stderr, "gpu-node-sampler: the driver counts %llu GPUs; only the first %u are read\n",
                   static_cast<unsigned long long>(record_.gpu_count), counted);
    const auto list = listUnderWatch(s_.controlLane, s_.options.procfs);
    const bool misplaced = s_.misplaced.exchange(false);
    // An index that was another GPU's although the driver's GPUs are the same: their order says nothing here.
    if (misplaced && list == s_.listed) record_.order_is_none = 1;
    s_.listed = list;
    s_.indexesMayHaveMoved.store(false, std::memory_order_release);
    const FormerGpus former = formerGpus(misplaced);
    const auto ask = [this](const proc::PciAddress& address) { return readInformation(address); };
    const auto positions = enumerateGpus({counted, list, former, ask, record_.order_is_none == 0}, excluded_);
    openSlots(counted);
    for (std::uint32_t i = 0; i < counted; ++i) publishPosition(i, positions[i]);
    const std::uint32_t behind = publishGone(counted, former, positions);
    const std::uint32_t have = s_.gpuSlots.load(std::memory_order_relaxed);
    for (std::uint32_t i = counted; i < have; ++i) s_.gpus[i]->use.store(IndexUse::none, std::memory_order_release);
    for (std::uint32_t i = behind; i < ringsUsed_; ++i) publishIn(i, {}, shm::GpuState::gone);
    ringsUsed_ = std::max({ringsUsed_, counted, behind});
    s_.formers.clear();
    for (const FormerGpu& gpu : former.gpus) s_.formers.push_back(gpu.record);
    counted_ = counted;
    pinIndexes(positions);
    startMissingThreads();
  }

  /// What this process knew until now, then what its predecessor did.
  FormerGpus formerGpus(bool misplaced) {
    FormerGpus former;
    const bool own = counted_.has_value();
    if (own) {
      shm::DriverRecord before = record_;
      before.gpu_count = *counted_;
      former.add(s_.segment, before, true, misplaced);
    }
    if (s_.carry.valid()) {
      shm::DriverRecord driver;
      readRecord(s_.carry.driver(), driver);
      if (driver.order_is_none) record_.order_is_none = 1;
      const std::size_t before = former.gpus.size();
      former.add(s_.carry, driver, !own);
      // Its stamps are of another process's readings.
      for (std::size_t i = before; i < former.gpus.size(); ++i) {
        shm::GpuFixed& record = former.gpus[i].record;
        record.generation = record.cycle = 0;
        record.gathered_monotonic_ns = record.gathered_realtime_ns = record.gather_duration_ns = 0;
      }
    }
    return former;
  }

  static void readRecord(const shm::SlotRing& ring, shm::DriverRecord& out) {
    std::uint64_t words[sizeof out / 8];
    const std::size_t n = ring.read(words, std::size(words));
    std::memcpy(static_cast<void*>(&out), words, n * 8);
  }

  std::optional<proc::DriverGpuInformation> readInformation(const proc::PciAddress& address) {
    std::optional<proc::DriverGpuInformation> information;
    s_.controlLane.beginBatch();
    s_.controlLane.run(Call::DriverGpuInformation, [&]() -> Return {
      information = proc::readDriverGpu(s_.options.procfs, address);
      return information ? nvml::kSuccess : nvml::kErrorNotFound;
    });
    s_.controlLane.idle();
    return information;
  }

  void openSlots(std::uint32_t counted) {
    for (std::uint32_t have = s_.gpuSlots.load(std::memory_order_relaxed); have < counted; ++have) {
      s_.gpus[have] = std::make_unique<GpuSlot>(s_.segment.statistics(3 + have));
      // Counted before its thread starts, so that a leave() in between rings it.
      s_.gpuSlots.store(have + 1, std::memory_order_release);
    }
  }

  /// Says who is expected at an index, before anybody asks it: attaching may take a minute, or for ever.
  void publishPosition(std::uint32_t i, const GpuPosition& position) {
    shm::GpuFixed fixed;
    if (position.former) {
      fixed = position.former->record;
    } else {
      if (position.address) assign(fixed.pci_bus_id, position.address->text());
      if (position.named && !position.inDoubt) assign(fixed.uuid, position.named->uuid);
    }
    fixed.excluded_in_doubt = position.inDoubt;
    fixed.placed_by_order = position.byOrder;
    publishIn(i, fixed, position.named ? shm::GpuState::excluded : shm::GpuState::attaching);
    s_.gpus[i]->use.store(position.named ? IndexUse::leftOut : IndexUse::lookedUp, std::memory_order_release);
  }

  /// GPUs that were there before and are not counted now wait behind the others for their return. Returns the index
  /// after the last.
  std::uint32_t publishGone(std::uint32_t at, const FormerGpus& former, const std::vector<GpuPosition>& positions) {
    for (const FormerGpu& gpu : former.gpus) {
      const auto stands = [&](const GpuPosition& position) { return position.former == &gpu; };
      if (gpu.record.uuid[0] == 0 || std::any_of(positions.begin(), positions.end(), stands)) continue;
      if (at == shm::kMaxGpus) break;
      publishIn(at++, gpu.record, shm::GpuState::gone);
    }
    return at;
  }

  /// Identity and totals live on, readings are absent. Only while no thread of this index is awake.
  void publishIn(std::uint32_t i, shm::GpuFixed fixed, shm::GpuState state) {
    fixed.state = state;
    fixed.state_code = state == shm::GpuState::failed ? kNoThreadCode : 0;
    for (std::uint64_t& count : fixed.list_counts) count = 0;
    fixed.process_total = 0;
    fixed.readings.forget(reading_status::kNotAsked);
    s_.segment.gpu(i).publish(&fixed, sizeof fixed);
  }

  /// An index means a GPU of this enumeration: from now on that GPU is meant, wherever it may come to stand.
  void pinIndexes(const std::vector<GpuPosition>& positions) {
    for (ExcludedGpu& gpu : excluded_)
      for (const GpuPosition& position : positions) {
        if (!gpu.index || position.named != &gpu || position.inDoubt) continue;
        if (position.former) gpu.uuid = position.former->record.uuid;
        gpu.address = position.address;
        if (gpu.address || !gpu.uuid.empty()) gpu.index.reset();
        break;
      }
  }

  void startMissingThreads() {
    const std::uint32_t have = s_.gpuSlots.load(std::memory_order_relaxed);
    for (std::uint32_t i = 0; i < have; ++i)
      if (!running_[i] && s_.isLookedUp(i)) startGpu(i);
  }

  /// A pids limit can refuse the thread: that GPU is failed and tried again later.
  void startGpu(std::uint32_t i) {
    running_[i] = startGpuThread(state_, i);
    if (!running_[i]) {
      shm::GpuFixed fixed;
      nvml::readCarried(s_.segment, i, fixed);
      publishIn(i, fixed, shm::GpuState::failed);
    } else if (leaving()) {
      s_.gpus[i]->bell.ring();
    }
  }

  /// Everything is well: recount now and then, until somebody asks for a new init.
  void serve() {
    while (!leaving()) {
      // Rings from here on are not lost, whatever is looked at meanwhile.
      const std::uint32_t seen = s_.controlBell.rings();
      if (everyGpuFails()) s_.requestReinit(nvml::kErrorUnknown);
      if (s_.misplaced.load(std::memory_order_acquire)) judgeMisplaced();
      if (s_.reinitCode.load(std::memory_order_acquire) != 0) break;
      if (s_.clock->monotonicNs() >= recountNs_) {
        recount();
        continue;
      }
      sleep(seen, recountNs_ - s_.clock->monotonicNs());
    }
    if (leaving()) return;
    calmDown();
    if (!leaving()) shutdown();
  }

  void recount() {
    recountNs_ = s_.clock->monotonicNs() + kRecountNs;
    std::uint64_t now = record_.gpu_count;
    s_.controlLane.beginBatch();
    const Return code = count(now);
    if (code == nvml::kSuccess) {
      readVersions();
      readConfidential();
    }
    s_.controlLane.idle();
    publish();
    if (code == nvml::kErrorUninitialized || code == nvml::kErrorDriverNotLoaded ||
        code == nvml::kErrorLibRmVersionMismatch)
      s_.requestReinit(code);
    else if (code == nvml::kSuccess && now != record_.gpu_count && !onlyLostOnesAreGone(now))
      s_.requestReinit(nvml::kErrorGpuNotFound);
    else
      startMissingThreads();
    if (code == nvml::kSuccess) s_.indexesMayHaveMoved.store(now != record_.gpu_count, std::memory_order_release);
  }

  /// Whether the driver counts fewer GPUs only because it gave up some that were lost before. A GPU that left without
  /// having been lost was taken away, and one more was added: then the indexes have other owners.
  bool onlyLostOnesAreGone(std::uint64_t counted) {
    if (counted > record_.gpu_count) return false;
    const auto lost = s_.lostGpus();
    if (lost.size() < record_.gpu_count - counted) return false;
    const auto list = listUnderWatch(s_.controlLane, s_.options.procfs);
    return !list || !s_.listed || onlyLostOnesLeft(*s_.listed, *list, lost);
  }

  /// An index is another GPU's than was expected. Where the driver's GPUs are the same ones, their order says nothing
  /// here: nobody is named by it any more. With nobody to leave alone that is all, because each GPU says who it is, and
  /// its totals go by that; else somebody may be left out for another.
  void judgeMisplaced() {
    if (listUnderWatch(s_.controlLane, s_.options.procfs) != s_.listed || !excluded_.empty()) {
      s_.requestReinit(nvml::kErrorGpuNotFound);
      return;
    }
    s_.misplaced.store(false, std::memory_order_release);
    record_.order_is_none = 1;
    publish();
  }

  /// An init that did not last is not followed by the next one at once: repeated cycles have hung drivers
  /// (nvml.md §2.1). Waits 1 s, then twice as long up to a minute; five good minutes make up for all.
  void calmDown() {
    const std::int64_t now = s_.clock->monotonicNs();
    if (now - initializedNs_ >= kSoundNs) reinitWaitNs_ = 0;
    const std::int64_t until = now + reinitWaitNs_;
    reinitWaitNs_ = std::clamp(reinitWaitNs_ * 2, kSecondNs, kLongestReinitWaitNs);
    while (!leaving() && s_.clock->monotonicNs() < until)
      sleep(s_.controlBell.rings(), until - s_.clock->monotonicNs());
  }

  /// 999 on every call of every GPU that is read is the driver's state; of one GPU it is that GPU's. A lost GPU has no
  /// say in it.
  bool everyGpuFails() const {
    const std::uint32_t n = s_.gpuSlots.load(std::memory_order_acquire);
    std::uint32_t failing = 0, answering = 0;
    for (std::uint32_t i = 0; i < n; ++i) {
      if (!s_.isLookedUp(i) || !s_.gpus[i]->reading.load(std::memory_order_acquire)) continue;
      (s_.gpus[i]->failing.load(std::memory_order_acquire) ? failing : answering)++;
    }
    return failing > 0 && answering == 0;
  }

  /// Waits until nobody is inside the driver, then shuts down. With a call in flight for ever it waits for ever: then
  /// the agent starts a successor, and nothing here pulls the library from under that call.
  void shutdown() {
    const auto reason = static_cast<Return>(s_.reinitCode.load(std::memory_order_acquire));
    s_.generation.store(0, std::memory_order_release);
    s_.park.store(true);
    const std::uint32_t n = s_.gpuSlots.load(std::memory_order_acquire);
    for (std::uint32_t i = 0; i < n; ++i) s_.gpus[i]->bell.ring();
    // GPU threads first: one of them may be registering into the set that the events thread frees.
    const auto gpusParked = [&] {
      for (std::uint32_t i = 0; i < n; ++i)
        if (running_[i] && !s_.gpus[i]->parked.load()) return false;
      return true;
    };
    waitFor(gpusParked);
    s_.parkEvents.store(true);
    s_.eventsBell.ring();
    waitFor([&] { return s_.eventsParked.load(); });
    if (leaving()) return;
    s_.controlLane.beginBatch();
    call(Call::Shutdown);
    s_.controlLane.idle();
    ++record_.reinitializations;
    ++record_.reinits_by_code[nvml::resultSlot(reason)];
    record_.readings.forget(reading_status::kNotAsked);
    record_.state = shm::DriverState::starting;
    publish();
  }

  template <typename Condition>
  void waitFor(Condition condition) {
    for (;;) {
      const std::uint32_t seen = s_.controlBell.rings();
      if (leaving() || condition()) return;
      s_.controlBell.wait(seen, -1);
    }
  }

  const std::shared_ptr<EngineState> state_;
  EngineState& s_;
  shm::DriverRecord record_;
  std::vector<ExcludedGpu> excluded_ = s_.options.excluded;
  std::uint64_t saidUnread_ = 0;               // count of the driver of which it was said that not all are read
  std::array<bool, shm::kMaxGpus> running_{};  // indexes that have a thread
  std::optional<std::uint32_t> counted_;       // GPUs of the last init; nothing before the first
  std::uint32_t ringsUsed_ = 0;
  std::int64_t recountNs_ = 0;
  std::int64_t initializedNs_ = 0, reinitWaitNs_ = 0;
  DriverVersions versions_;
  ConfidentialState confidential_;
  Call asked_ = Call::InitWithFlags;  // the call an init attempt ended with
};

}  // namespace

void controlThread(const std::shared_ptr<EngineState>& state) { Control(state).run(); }

}  // namespace gna
