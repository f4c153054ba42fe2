// Event sets: XIDs and other events that the journal delivers.
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <vector>

#include "../branch.h"
#include "../call.h"

using namespace simulator;

namespace {

struct Registration {
  std::uint32_t gpu;
  std::uint64_t types;
  /// Events before it are lost, as with the driver.
  std::uint64_t fromPlace;
};

struct EventSet {
  EventSet() : changes(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    if (changes >= 0) inotify_add_watch(changes, Library::instance().statePath().c_str(), IN_MODIFY);
  }
  ~EventSet() {
    if (changes >= 0) close(changes);
  }
  EventSet(const EventSet&) = delete;
  EventSet& operator=(const EventSet&) = delete;

  std::mutex mutex;
  std::vector<Registration> registrations;
  /// Place in the journal up to which events were looked at.
  std::uint64_t cursor = 0;
  /// Tells of writes to the journal, so that a waiting thread costs nothing; -1 where the system has no more of them.
  const int changes;
};

/// Sets that were created and not freed.
struct LiveSets {
  std::mutex mutex;
  std::vector<std::shared_ptr<EventSet>> sets;
};

LiveSets& liveSets() {
  static LiveSets* const sets = new LiveSets;  // Threads may be waiting while the process exits.
  return *sets;
}

std::shared_ptr<EventSet> findSet(EventSetHandle handle) {
  LiveSets& live = liveSets();
  const std::lock_guard lock(live.mutex);
  const auto found = std::ranges::find_if(live.sets, [&](const auto& set) { return set.get() == handle; });
  return found == live.sets.end() ? nullptr : *found;
}

/// Types that came with later branches are not offered by earlier ones.
std::uint64_t typesOfBranch() {
  constexpr std::uint64_t kUpTo125 = 0x19F;
  constexpr std::uint64_t kUpTo126 = 0x3F9F;
  if (kBranch.cudaVersion < 12060) return kUpTo125;
  return kBranch.cudaVersion < 12080 ? kUpTo126 : ~0ULL;
}

std::uint64_t supportedTypes(const Gpu& gpu) {
  return gpu.attributes.number(Attribute::eventTypesSupported).value_or(0) & typesOfBranch();
}

/// Copies the next event that the set waits for.
bool takeEvent(Library& library, EventSet& set, EventData& data) {
  const std::lock_guard lock(set.mutex);
  const Journal& journal = library.journal();
  for (const std::uint64_t end = journal.length(); set.cursor < end; ++set.cursor) {
    const Entry* entry = journal.at(set.cursor);
    if (entry == nullptr) return false;
    if (entry->kind != EntryKind::Event) continue;
    const bool wanted = std::ranges::any_of(set.registrations, [&](const Registration& registration) {
      return static_cast<std::int32_t>(registration.gpu) == entry->gpu &&
             (registration.types & entry->numbers[0]) != 0 && set.cursor >= registration.fromPlace;
    });
    if (!wanted) continue;
    data.device = encodeHandle({static_cast<std::uint32_t>(entry->gpu), 0, library.generation()});
    data.eventType = entry->numbers[0];
    data.eventData = entry->numbers[1];
    data.gpuInstanceId = static_cast<std::uint32_t>(entry->numbers[2]);
    data.computeInstanceId = static_cast<std::uint32_t>(entry->numbers[3]);
    ++set.cursor;
    return true;
  }
  return false;
}

std::vector<std::uint32_t> gpusOf(EventSet& set) {
  const std::lock_guard lock(set.mutex);
  std::vector<std::uint32_t> gpus;
  gpus.reserve(set.registrations.size());
  for (const Registration& registration : set.registrations) gpus.push_back(registration.gpu);
  return gpus;
}

/// Waits for the journal to change, at most `milliseconds`.
void awaitChange(const EventSet& set, std::int64_t milliseconds) {
  constexpr std::int64_t kWithoutNotice = 20;
  constexpr std::int64_t kLongest = 60'000;
  if (set.changes < 0) {
    poll(nullptr, 0, static_cast<int>(std::min(milliseconds, kWithoutNotice)));
    return;
  }
  pollfd waiting{set.changes, POLLIN, 0};
  if (poll(&waiting, 1, static_cast<int>(std::min(milliseconds, kLongest))) <= 0) return;
  char notices[4096];
  while (read(set.changes, notices, sizeof notices) > 0) {
  }
}

Return waitForEvent(const char* function, EventSetHandle handle, EventData* data, unsigned timeoutMilliseconds,
                    bool withInstances) {
  Library& library = Library::instance();
  const Library::CallInFlight inFlight(library);
  if (!library.hasNode()) return kUninitialized;
  const std::shared_ptr<EventSet> set = findSet(handle);
  constexpr std::int64_t kMillisecond = 1'000'000;
  const std::int64_t deadline = realMonotonicNanoseconds() + std::int64_t{timeoutMilliseconds} * kMillisecond;
  std::uint64_t suffered = 0;
  for (;;) {
    const std::vector<std::uint32_t> gpus = set == nullptr ? std::vector<std::uint32_t>{} : gpusOf(*set);
    // A fault that comes while the call waits strikes it too; one that it has been through does not strike again.
    const std::uint64_t known = library.view()->journalLength;
    const Return outcome = sufferFaults(library, function, gpus, suffered);
    if (outcome != kSuccess) return outcome;
    suffered = known;
    const auto view = library.view();
    const Return ready = library.readiness(*view);
    if (ready != kSuccess) return ready;
    if (set == nullptr || data == nullptr) return kInvalidArgument;
    // One lost GPU spoils the whole set, and the answer does not say which.
    for (const std::uint32_t gpu : gpus) {
      if (view->gpus[gpu].lost) return kGpuIsLost;
    }
    EventData event{};
    if (takeEvent(library, *set, event)) {
      data->device = event.device;
      data->eventType = event.eventType;
      data->eventData = event.eventData;
      if (withInstances) {
        data->gpuInstanceId = event.gpuInstanceId;
        data->computeInstanceId = event.computeInstanceId;
      }
      return kSuccess;
    }
    const std::int64_t left = deadline - realMonotonicNanoseconds();
    if (left <= 0) return kTimeout;
    awaitChange(*set, (left + kMillisecond - 1) / kMillisecond);
  }
}

}  // namespace

NVML_API Return nvmlEventSetCreate(EventSetHandle* set) {
  return onNode(__func__, [&](const View& view) {
    if (set == nullptr) return kInvalidArgument;
    auto created = std::make_shared<EventSet>();
    created->cursor = view.journalLength;
    *set = created.get();
    LiveSets& live = liveSets();
    const std::lock_guard lock(live.mutex);
    live.sets.push_back(std::move(created));
    return kSuccess;
  });
}

NVML_API Return nvmlEventSetFree(EventSetHandle set) {
  return onNode(__func__, [&](const View&) {
    LiveSets& live = liveSets();
    const std::lock_guard lock(live.mutex);
    const auto freed = std::erase_if(live.sets, [&](const auto& each) { return each.get() == set; });
    return freed == 0 ? kInvalidArgument : kSuccess;
  });
}

NVML_API Return nvmlDeviceGetSupportedEventTypes(DeviceHandle device, unsigned long long* types) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (types == nullptr) return kInvalidArgument;
    *types = supportedTypes(call.gpu);
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceRegisterEvents(DeviceHandle device, unsigned long long types, EventSetHandle handle) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    const std::shared_ptr<EventSet> set = findSet(handle);
    if (set == nullptr || types == 0) return kInvalidArgument;
    // One type that the GPU lacks, and none is registered.
    if ((types & ~supportedTypes(call.gpu)) != 0) return kNotSupported;
    const std::lock_guard lock(set->mutex);
    set->registrations.push_back({call.gpuIndex, types, call.view.journalLength});
    return kSuccess;
  });
}

NVML_API Return nvmlEventSetWait_v2(EventSetHandle set, EventData* data, unsigned timeoutMilliseconds) {
  return waitForEvent(__func__, set, data, timeoutMilliseconds, true);
}
NVML_API Return nvmlEventSetWait(EventSetHandle set, EventData* data, unsigned timeoutMilliseconds) {
  return waitForEvent(__func__, set, data, timeoutMilliseconds, false);
}
