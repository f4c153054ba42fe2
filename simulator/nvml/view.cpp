#include "view.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "abi.h"

namespace simulator {
namespace {

void setValue(View& view, const Entry& entry) {
  if (entry.numbers[0] >= kAttributes) return;
  const auto attribute = static_cast<Attribute>(entry.numbers[0]);
  const AttributeValue value{entry.numbers[1] != 0, entry.numbers[2], entry.text, entry.shownMonotonicNanoseconds};
  if (entry.gpu < 0) {
    view.node[attribute] = value;
    return;
  }
  Gpu& gpu = view.gpus[static_cast<std::size_t>(entry.gpu)];
  gpu.settleCounters(entry.shownMonotonicNanoseconds);
  gpu.attributes[attribute] = value;
}

void setLoad(Gpu& gpu, const Entry& entry) {
  Staircase staircase{entry.shownMonotonicNanoseconds, static_cast<std::int64_t>(entry.numbers[1]), {}};
  const auto steps = std::min<std::uint64_t>(entry.numbers[0], 7);
  for (std::size_t i = 0; i < steps; ++i) {
    staircase.steps.push_back(
        {static_cast<std::int64_t>(entry.numbers[2 + 2 * i]), static_cast<std::int64_t>(entry.numbers[3 + 2 * i])});
  }
  if (staircase.steps.empty()) return;
  if (gpu.load.empty()) {
    // What ran when the node was made had run before: whole periods earlier, so that nothing after it changes.
    std::int64_t period = 0;
    for (const LoadStep& step : staircase.steps) period += step.nanoseconds;
    staircase.startNanoseconds -= (kHistoryNanoseconds / period + 1) * period;
  }
  gpu.load.append(std::move(staircase));
}

void startProcess(Gpu& gpu, const Entry& entry) {
  const auto number = [&](std::size_t i) { return static_cast<std::uint32_t>(entry.numbers[i]); };
  gpu.processes.push_back({
      .pid = static_cast<std::uint32_t>(entry.pid),
      .kind = static_cast<ProcessKind>(entry.numbers[0]),
      .usedBytes = entry.numbers[1] != 0 ? std::optional(entry.numbers[2]) : std::nullopt,
      .smPercent = number(3),
      .memoryPercent = number(4),
      .encoderPercent = number(5),
      .decoderPercent = number(6),
      .gpuInstance = number(7),
      .computeInstance = number(8),
  });
}

void createMigInstance(Gpu& gpu, const Entry& entry) {
  const MigInstance instance{
      .creation = entry.id,
      .gpuInstance = static_cast<std::uint32_t>(entry.numbers[0]),
      .computeInstance = static_cast<std::uint32_t>(entry.numbers[1]),
      .slices = entry.numbers[2],
      .computeSlices = entry.numbers[3],
      .multiprocessors = entry.numbers[4],
      .copyEngines = entry.numbers[5],
      .decoders = entry.numbers[6],
      .encoders = entry.numbers[7],
      .jpegEngines = entry.numbers[8],
      .ofaEngines = entry.numbers[9],
      .memoryTotalBytes = entry.numbers[10],
      .memoryReservedBytes = entry.numbers[11],
      .memoryUsedBytes = entry.numbers[12],
      .bar1TotalBytes = entry.numbers[13],
      .bar1UsedBytes = entry.numbers[14],
      .uncorrectedErrors = entry.numbers[15],
      .profileId = static_cast<std::uint32_t>(entry.numbers[16]),
      .firstMemorySlice = static_cast<std::uint32_t>(entry.numbers[17]),
      .memorySlices = static_cast<std::uint32_t>(entry.numbers[18]),
      .profile = entry.name,
      .uuid = entry.text,
  };
  const auto free = std::ranges::find_if(gpu.migInstances, [](const auto& slot) { return !slot; });
  if (free == gpu.migInstances.end()) {
    gpu.migInstances.emplace_back(instance);
  } else {
    *free = instance;
  }
}

void offerMigProfile(Gpu& gpu, const Entry& entry) {
  const auto number = [&](std::size_t i) { return static_cast<std::uint32_t>(entry.numbers[i]); };
  gpu.migProfiles.push_back({
      .number = number(0),
      .id = number(1),
      .slices = number(2),
      .instances = number(3),
      .multiprocessors = number(4),
      .copyEngines = number(5),
      .decoders = number(6),
      .encoders = number(7),
      .jpegEngines = number(8),
      .ofaEngines = number(9),
      .memoryMebibytes = entry.numbers[10],
      .memorySlices = number(11),
      .placements = number(12),
      .name = entry.name,
  });
}

void destroyMigInstance(Gpu& gpu, const Entry& entry) {
  for (auto& slot : gpu.migInstances) {
    if (slot && slot->gpuInstance == entry.numbers[0] && slot->computeInstance == entry.numbers[1]) slot.reset();
  }
}

void addFault(View& view, const Entry& entry) {
  view.faults.push_back({
      .id = entry.id,
      .function = entry.name,
      .gpu = entry.gpu,
      .pid = entry.pid,
      .hang = static_cast<Hang>(entry.numbers[0]),
      .hasCode = entry.numbers[1] != 0,
      .code = static_cast<std::int32_t>(entry.numbers[2]),
      .sleepNanoseconds = static_cast<std::int64_t>(entry.numbers[3]),
      .busyNanoseconds = static_cast<std::int64_t>(entry.numbers[4]),
      .fromRealMonotonicNanoseconds = static_cast<std::int64_t>(entry.numbers[5]),
      .frozenFile = entry.text,
  });
}

/// GPUs an entry speaks of.
template <class Action>
void forGpus(View& view, std::int32_t gpu, Action action) {
  if (gpu < 0) {
    for (Gpu& each : view.gpus) action(each);
  } else {
    action(view.gpus[static_cast<std::size_t>(gpu)]);
  }
}

void apply(View& view, const Entry& entry) {
  if (entry.gpu >= static_cast<std::int32_t>(view.gpus.size())) return;
  switch (entry.kind) {
    case EntryKind::SetValue: setValue(view, entry); break;
    case EntryKind::SetLoad: forGpus(view, entry.gpu, [&](Gpu& gpu) { setLoad(gpu, entry); }); break;
    case EntryKind::StartProcess: forGpus(view, entry.gpu, [&](Gpu& gpu) { startProcess(gpu, entry); }); break;
    case EntryKind::EndProcess:
      forGpus(view, entry.gpu, [&](Gpu& gpu) {
        std::erase_if(gpu.processes, [&](const Process& p) { return p.pid == static_cast<std::uint32_t>(entry.pid); });
      });
      break;
    case EntryKind::CreateMigInstance: forGpus(view, entry.gpu, [&](Gpu& g) { createMigInstance(g, entry); }); break;
    case EntryKind::DestroyMigInstance: forGpus(view, entry.gpu, [&](Gpu& g) { destroyMigInstance(g, entry); }); break;
    case EntryKind::Fault: addFault(view, entry); break;
    case EntryKind::LoseGpu: forGpus(view, entry.gpu, [](Gpu& gpu) { gpu.lost = true; }); break;
    case EntryKind::Clear: break;  // looked up before the entry it clears is applied
    case EntryKind::Event: break;  // read from the journal by the event sets
    case EntryKind::UnloadDriver: view.driverLoaded = false; break;
    case EntryKind::LoadDriver:
      view.driverLoaded = true;
      view.moduleBranch = entry.name;
      ++view.moduleGeneration;
      break;
    case EntryKind::BindGpu:
      forGpus(view, entry.gpu, [&](Gpu& gpu) { gpu.bound = std::strcmp(entry.name, "nvidia") == 0; });
      break;
    case EntryKind::OfferMigProfile: forGpus(view, entry.gpu, [&](Gpu& g) { offerMigProfile(g, entry); }); break;
    case EntryKind::CallLatency:
      view.latencies.push_back({entry.name, static_cast<std::int64_t>(entry.numbers[0])});
      break;
    case EntryKind::RecordedAnswer:
    case EntryKind::RecordedFields:
    case EntryKind::RecordedMetrics: view.recorded.add(entry); break;
  }
}

}  // namespace

bool Fault::strikes(const char* calledFunction, std::int32_t calledGpu, std::int64_t realMonotonicNanoseconds) const {
  static const std::int32_t self = getpid();
  if (realMonotonicNanoseconds < fromRealMonotonicNanoseconds) return false;
  if (pid >= 0 && pid != self) return false;
  if (gpu >= 0 && gpu != calledGpu) return false;
  return std::strcmp(function, "*") == 0 || std::strcmp(function, calledFunction) == 0;
}

std::vector<std::uint32_t> View::enumerated() const {
  std::vector<std::uint32_t> found;
  for (std::uint32_t gpu = 0; gpu < gpus.size(); ++gpu) {
    if (gpus[gpu].bound) found.push_back(gpu);
  }
  return found;
}

bool View::hasFault(std::uint32_t id) const {
  return std::ranges::any_of(faults, [&](const Fault& fault) { return fault.id == id; });
}

std::int64_t View::latencyOf(const char* function) const {
  std::int64_t others = 0;
  for (const CallLatency& latency : latencies) {
    if (std::strcmp(latency.function, function) == 0) return latency.nanoseconds;
    if (std::strcmp(latency.function, "*") == 0) others = latency.nanoseconds;
  }
  return others;
}

std::shared_ptr<const View> replay(const Journal& journal) {
  auto view = std::make_shared<View>();
  view->seed = journal.seed();
  view->createdMonotonicNanoseconds = journal.createdMonotonicNanoseconds();
  view->gpus.resize(journal.gpus());

  // No list of entries is made: a long journal would cost every process that follows it memory.
  const std::uint64_t length = journal.length();
  std::uint64_t entries = 0;
  while (entries < length && journal.at(entries) != nullptr) ++entries;
  view->journalLength = entries;

  // A fault is gone when any later entry clears it, so going backwards tells for each whether it counts.
  std::vector<bool> cleared(entries + 1, false);
  bool all = false;
  for (std::uint64_t place = entries; place-- > 0;) {
    const Entry& entry = *journal.at(place);
    if (entry.kind == EntryKind::Clear) {
      if (entry.numbers[0] == 0) {
        all = true;
      } else if (entry.numbers[0] <= entries) {
        cleared[entry.numbers[0]] = true;
      }
    } else if (all && (entry.kind == EntryKind::Fault || entry.kind == EntryKind::LoseGpu)) {
      cleared[entry.id] = true;
    }
  }
  for (std::uint64_t place = 0; place < entries; ++place) {
    const Entry& entry = *journal.at(place);
    if (!cleared[entry.id]) apply(*view, entry);
  }
  return view;
}

}  // namespace simulator
