// The events thread: waits for XIDs and the like, at most half a second at a time, because an endless wait counts as a
// call in flight and would keep nvmlShutdown waiting (nvml.md §5.16). Only this thread creates and frees the set.

#include <unistd.h>

#include <algorithm>

#include "core/nvml/driver_answers.h"
#include "core/nvml/return_code.h"
#include "core/proc/thread_id.h"
#include "sampler/engine_state.h"

namespace gna {

namespace {

using nvml::Call;
using nvml::Return;

constexpr std::uint32_t kWaitMs = 500;
constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::int64_t kLongestBackoffNs = 30 * kSecondNs;

bool makesSuspect(std::uint64_t xid) { return xid == 79 || xid == 119 || xid == 120; }

class Events {
 public:
  explicit Events(EngineState& s) : s_(s) {}

  void run() {
    s_.eventsLane.adopt(proc::currentThreadId());
    while (!leaving()) {
      const std::uint32_t seen = s_.eventsBell.rings();
      if (s_.parkEvents.load()) {
        if (set_) withdrawSet();
        if (set_ && !freeSet()) {  // a GPU thread that sleeps in the set keeps it: it rings when it is out
          s_.eventsBell.wait(seen, -1);
          continue;
        }
        if (!s_.eventsParked.exchange(true)) s_.controlBell.ring();
        s_.eventsBell.wait(seen, -1);
      } else if (s_.generation.load(std::memory_order_acquire) == 0) {
        s_.eventsBell.wait(seen, -1);
      } else {
        s_.eventsParked.store(false);
        if (s_.parkEvents.load()) continue;  // the order of the two matters: see gpuThread
        if (broken_ && freeSet()) broken_ = false;
        if (!set_ && !createSet()) {
          pause(seen, kLongestBackoffNs);
        } else if (broken_ || !anyRegistered()) {
          s_.eventsBell.wait(seen, -1);  // a GPU thread rings when it has registered or left the set
        } else {
          waitOnce(seen);
        }
      }
    }
  }

 private:
  bool leaving() const { return s_.leaving.load(std::memory_order_acquire); }

  bool createSet() {
    using Create = Return (*)(nvml::EventSet*);
    const auto create = s_.library.get<Create>(Call::EventSetCreate);
    if (!create) return false;
    s_.eventsLane.beginBatch();
    const Return code = s_.eventsLane.run(Call::EventSetCreate, create, &set_);
    s_.eventsLane.idle();
    if (code != nvml::kSuccess) set_ = nullptr;
    s_.eventSetNumber.fetch_add(1);
    s_.eventSet.store(set_);
    olderWait_ = false;
    return set_ != nullptr;
  }

  /// From here on no GPU thread begins to use the set.
  void withdrawSet() {
    s_.eventSet.store(nullptr);
    s_.eventSetNumber.fetch_add(1);
    const std::uint32_t n = s_.gpuSlots.load(std::memory_order_acquire);
    for (std::uint32_t i = 0; i < n; ++i) s_.gpus[i]->registered.store(false, std::memory_order_release);
  }

  /// Frees a withdrawn set; false while a GPU thread may still be using it.
  bool freeSet() {
    const std::uint32_t n = s_.gpuSlots.load(std::memory_order_acquire);
    for (std::uint32_t i = 0; i < n; ++i)
      if (s_.gpus[i]->registering.load()) return false;
    using Free = Return (*)(nvml::EventSet);
    if (const auto release = s_.library.get<Free>(Call::EventSetFree); release && set_) {
      s_.eventsLane.beginBatch();
      s_.eventsLane.run(Call::EventSetFree, release, set_);
      s_.eventsLane.idle();
    }
    set_ = nullptr;
    return true;
  }

  bool anyRegistered() const {
    const std::uint32_t n = s_.gpuSlots.load(std::memory_order_acquire);
    for (std::uint32_t i = 0; i < n; ++i)
      if (s_.gpus[i]->registered.load(std::memory_order_acquire)) return true;
    return false;
  }

  void waitOnce(std::uint32_t seen) {
    using Wait = Return (*)(nvml::EventSet, nvml::EventData*, std::uint32_t);
    Call id = Call::EventSetWait_v2;
    if (olderWait_ || !s_.library.has(id)) id = Call::EventSetWait;
    const auto wait = s_.library.get<Wait>(id);
    if (!wait) {
      s_.eventsBell.wait(seen, -1);
      return;
    }
    nvml::EventData data{};
    data.gpuInstanceId = data.computeInstanceId = nvml::kInstanceNotApplicable;
    s_.eventsLane.beginBatch();
    const Return code = s_.eventsLane.run(id, wait, set_, &data, kWaitMs);
    s_.eventsLane.idle();
    if (code == nvml::kSuccess) {
      backoffNs_ = 0;
      take(data, id == Call::EventSetWait_v2);
    } else if (code == nvml::kErrorTimeout) {
      backoffNs_ = 0;
    } else if (nvml::isOlderDriver(code) && id == Call::EventSetWait_v2 && s_.library.has(Call::EventSetWait)) {
      olderWait_ = true;
    } else {
      // Lost answers at once and for ever, for the whole set, without saying which GPU: each GPU's own thread finds
      // out, and the living ones get a new set. Anything else is not worth a busy loop either.
      if ((code == nvml::kErrorUninitialized || code == nvml::kErrorDriverNotLoaded) &&
          !nvml::driverAnswers(s_.library, s_.eventsLane))
        s_.requestReinit(code);
      s_.eventsLane.idle();
      backoffNs_ = std::clamp(backoffNs_ * 2, kSecondNs, kLongestBackoffNs);
      pause(seen, backoffNs_);
      if (code != nvml::kErrorGpuIsLost) return;
      withdrawSet();
      broken_ = true;
    }
  }

  void take(const nvml::EventData& data, bool hasInstances) {
    shm::Event event;
    event.realtime_ns = s_.clock->realtimeNs();
    event.type = data.eventType;
    event.data = data.eventData;
    if (hasInstances) {
      event.gpu_instance = data.gpuInstanceId;
      event.compute_instance = data.computeInstanceId;
    }
    const std::uint32_t n = s_.gpuSlots.load(std::memory_order_acquire);
    for (std::uint32_t i = 0; i < n; ++i) {
      GpuSlot& slot = *s_.gpus[i];
      if (!data.device || slot.handle.load(std::memory_order_acquire) != data.device) continue;
      event.gpu_index = i;
      if (data.eventType == nvml::kEventMigConfigChange) slot.migChanged.store(true, std::memory_order_release);
      if (data.eventType == nvml::kEventTypeXidCriticalError && makesSuspect(data.eventData))
        slot.suspectXid.store(static_cast<std::uint32_t>(data.eventData), std::memory_order_release);
    }
    s_.segment.pushEvent(event);
  }

  void pause(std::uint32_t seen, std::int64_t ns) {
    const std::int64_t deadline = s_.clock->monotonicNs() + ns;
    while (!leaving() && !s_.parkEvents.load()) {
      const std::int64_t real = s_.clock->sleepUntilNs(deadline);
      if (real == 0) return;
      s_.eventsBell.wait(seen, real);
      seen = s_.eventsBell.rings();
    }
  }

  EngineState& s_;
  nvml::EventSet set_ = nullptr;
  bool olderWait_ = false;  // this driver has only the older call
  bool broken_ = false;     // the set was withdrawn and waits to be freed
  std::int64_t backoffNs_ = 0;
};

}  // namespace

void eventsThread(const std::shared_ptr<EngineState>& state) { Events(*state).run(); }

}  // namespace gna
