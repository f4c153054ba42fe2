// The events thread: waits for XIDs and the like, at most half a second at a time, because an endless wait counts as a
// call in flight and would keep nvmlShutdown waiting (nvml.md §5.16). Only this thread creates and frees the set.

#include <unistd.h>

#include <algorithm>

#include "core/nvml/driver_answers.h"
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
      if (s_.park.load(std::memory_order_acquire)) {
        freeSet();
        if (!s_.eventsParked.exchange(true)) s_.controlBell.ring();
        s_.eventsBell.wait(seen, -1);
      } else if (s_.generation.load(std::memory_order_acquire) == 0) {
        s_.eventsBell.wait(seen, -1);
      } else {
        s_.eventsParked.store(false);
        if (s_.park.load()) continue;  // the order of the two matters: see gpuThread
        if (!set_ && !createSet()) {
          pause(seen, kLongestBackoffNs);
        } else if (!anyRegistered()) {
          s_.eventsBell.wait(seen, -1);  // a GPU thread rings when it has registered
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
    s_.eventSet.store(set_, std::memory_order_release);
    return set_ != nullptr;
  }

  void freeSet() {
    if (!set_) return;
    s_.eventSet.store(nullptr, std::memory_order_release);
    using Free = Return (*)(nvml::EventSet);
    if (const auto release = s_.library.get<Free>(Call::EventSetFree)) {
      s_.eventsLane.beginBatch();
      s_.eventsLane.run(Call::EventSetFree, release, set_);
      s_.eventsLane.idle();
    }
    set_ = nullptr;
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
    if (!s_.library.has(id)) id = Call::EventSetWait;
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
    } else {
      // Lost answers at once and for ever, for the whole set, without saying which GPU: each GPU's own thread finds
      // out. Anything else is not worth a busy loop either.
      if ((code == nvml::kErrorUninitialized || code == nvml::kErrorDriverNotLoaded) &&
          !nvml::driverAnswers(s_.library, s_.eventsLane))
        s_.requestReinit(code);
      s_.eventsLane.idle();
      backoffNs_ = std::clamp(backoffNs_ * 2, kSecondNs, kLongestBackoffNs);
      pause(seen, backoffNs_);
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
    while (!leaving() && !s_.park.load(std::memory_order_acquire)) {
      const std::int64_t real = s_.clock->sleepUntilNs(deadline);
      if (real == 0) return;
      s_.eventsBell.wait(seen, real);
      seen = s_.eventsBell.rings();
    }
  }

  EngineState& s_;
  nvml::EventSet set_ = nullptr;
  std::int64_t backoffNs_ = 0;
};

}  // namespace

void eventsThread(const std::shared_ptr<EngineState>& state) { Events(*state).run(); }

}  // namespace gna
