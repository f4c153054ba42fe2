#include "sampler/capture/capture.h"

#include <time.h>
#include <unistd.h>
#include <csignal>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "core/clock/clock.h"
#include "core/nvml/return_code.h"
#include "core/proc/driver_gpus.h"
#include "core/proc/thread_evidence.h"
#include "core/proc/thread_id.h"
#include "sampler/capture/exported_symbols.h"
#include "sampler/capture/host_files.h"
#include "sampler/capture/output_file.h"
#include "sampler/capture/recorder.h"
#include "sampler/enumeration.h"
#include "sampler/version.h"

namespace gna::capture {

namespace {

constexpr std::int64_t kLookEveryNs = 20'000'000;
constexpr int kMostLeftBehind = 2;  // threads asleep in the driver; then no further GPU is tried
constexpr double kSecondsPerNs = 1e-9;

volatile std::sig_atomic_t interrupted = 0;  // NOLINT: set by a signal handler

/// What both sides of a capture share: threads that hang may still touch it when everybody else has left.
struct Shared {
  explicit Shared(const EngineOptions& o) : options(o) {}
  const EngineOptions options;
  nvml::Library library;
  RecordLog log;
  std::string openReport;
  // Of the GPUs that are to be left alone; written by the first thread, read when it is done.
  std::vector<bool> leftOut;
  std::vector<proc::PciAddress> leftOutAddresses;
  // Handles of the GPUs that were asked everything; written by each GPU's thread, read when all are done.
  std::array<std::atomic<nvml::Device>, shm::kMaxGpus> devices{};
};

/// One thread that asks, and what is known of it.
struct Worker {
  enum class Task { driver, gpu, pairs, files };
  Worker(Task t, std::uint32_t g) : task(t), gpu(g) {}
  const Task task;
  const std::uint32_t gpu;
  nvml::Lane lane;
  std::atomic<bool> done{false}, abandoned{false};
  std::atomic<std::uint32_t> gpus{0};
  std::atomic<nvml::Return> code{nvml::kErrorLibraryNotFound};
};

/// Finds out, without a handle, which GPUs are those that were named.
void leaveOut(Shared& s, Worker& w) {
  const FormerGpus nobody;
  const auto information = [&](const proc::PciAddress& address) {
    std::optional<proc::DriverGpuInformation> found;
    w.lane.run(nvml::Call::DriverGpuInformation, [&]() -> nvml::Return {
      found = proc::readDriverGpu(s.options.procfs, address);
      return nvml::kSuccess;
    });
    return found;
  };
  const auto positions =
      enumerateGpus({w.gpus, proc::listDriverGpus(s.options.procfs), nobody, information}, s.options.excluded);
  for (const GpuPosition& position : positions) {
    const bool out = position.named || position.inDoubt;
    s.leftOut.push_back(out);
    if (out && position.address) s.leftOutAddresses.push_back(*position.address);
  }
}

void openDriver(Shared& s, Worker& w) {
  bool opened = false;
  w.lane.run(nvml::Call::LibraryOpen, [&]() -> nvml::Return {
    opened = s.library.open({s.options.nvmlLibrary, s.options.driverRoots}, s.openReport);
    return nvml::kSuccess;
  });
  w.lane.idle();
  JsonWriter json;
  json.beginObject().member("record", "library").member("opened", opened);
  if (!opened) json.member("message", s.openReport);
  if (opened) {
    json.member("path", s.library.path()).member("version", s.library.version());
    if (!s.library.simulatorInfo().empty()) json.member("simulator", s.library.simulatorInfo());
    json.key("symbols").beginArray();
    // Any function the library has leads to the object it lives in.
    const void* any = nullptr;
    for (std::size_t i = 0; i < nvml::kCallCount && !any; ++i)
      any = s.library.get<const void*>(static_cast<nvml::Call>(i));
    if (any)
      for (const std::string& name : exportedSymbols(any, "nvml")) json.value(name);
    json.endArray();
    json.key("missing").beginArray();
    for (const Recipe& recipe : kRecipes)
      if (recipe.subject != Subject::notAsked && !s.library.has(recipe.call))
        json.value(nvml::kCallSymbols[nvml::index(recipe.call)]);
    json.endArray();
  }
  json.endObject();
  s.log.add(json.text());
  if (!opened) return;
  Recorder recorder(s.library, w.lane, s.log, w.abandoned);
  w.code = recorder.initialise();
  if (w.code != nvml::kSuccess) return;
  w.gpus = recorder.node();
  leaveOut(s, w);
}

void recordPairs(Shared& s, Worker& w) {
  std::array<nvml::Device, shm::kMaxGpus> devices{};
  for (std::size_t i = 0; i < devices.size(); ++i) devices[i] = s.devices[i];
  Recorder(s.library, w.lane, s.log, w.abandoned).pairs(w.gpu, devices);
}

void work(const std::shared_ptr<Shared>& shared, const std::shared_ptr<Worker>& worker) {
  Shared& s = *shared;
  Worker& w = *worker;
  w.lane.adopt(proc::currentThreadId());
  switch (w.task) {
    case Worker::Task::driver: openDriver(s, w); break;
    case Worker::Task::gpu: s.devices[w.gpu] = Recorder(s.library, w.lane, s.log, w.abandoned).gpu(w.gpu); break;
    case Worker::Task::pairs: recordPairs(s, w); break;
    case Worker::Task::files: recordHostFiles(s.options, s.leftOutAddresses, w.lane, s.log, w.abandoned); break;
  }
  w.lane.idle();
  w.done.store(true, std::memory_order_release);
}

class Run {
 public:
  Run(const EngineOptions& options, const Clock& clock, OutputFile& file)
      : shared_(std::make_shared<Shared>(options)),
        file_(file),
        realtimeNs_(clock.realtimeNs()),
        startedNs_(Clock::kernelMonotonicNs()),
        endsNs_(startedNs_ + options.captureDeadlineNs) {}

  EngineEnd run(std::string& error) {
    head();
    const bool untouched = options().excludeAll;
    const auto driver = untouched ? nullptr : watch(Worker::Task::driver, 0, error);
    const bool answered = driver && driver->code == nvml::kSuccess;
    const std::uint32_t gpus = answered ? std::min(driver->gpus.load(), shm::kMaxGpus) : 0;
    if (answered) std::fprintf(stderr, "gpu-node-sampler: the driver answers, %u GPUs\n", gpus);
    for (std::uint32_t gpu = 0; gpu < gpus && error.empty(); ++gpu) {
      if (gpu < shared_->leftOut.size() && shared_->leftOut[gpu]) {
        omit(gpu, "left out by --exclude");
      } else if (left_ >= kMostLeftBehind || over()) {
        omit(gpu, left_ >= kMostLeftBehind ? "two calls did not come back before" : "the time was over");
      } else {
        watch(Worker::Task::gpu, gpu, error);
        std::fprintf(stderr, "gpu-node-sampler: GPU %u of %u\n", gpu + 1, gpus);
      }
    }
    pairs(gpus, error);
    if (error.empty()) watch(Worker::Task::files, 0, error);
    if (error.empty()) tail();
    flush(error);
    if (!error.empty() || !file_.finish(error)) return EngineEnd::usage;
    if (!complete_) return EngineEnd::deadline;
    return answered ? EngineEnd::left : EngineEnd::noDriver;
  }

 private:
  bool over() const { return interrupted != 0 || Clock::kernelMonotonicNs() >= endsNs_; }

  const EngineOptions& options() const { return shared_->options; }

  std::int64_t deadlineOf(nvml::Call call) const {
    const Deadlines& deadlines = options().deadlines;
    if (call == nvml::Call::none) return deadlines.attachNs;
    switch (nvml::kCallClasses[nvml::index(call)]) {
      case nvml::CallClass::attach: return deadlines.attachNs;
      case nvml::CallClass::fast: return deadlines.fastNs;
      case nvml::CallClass::slow: return deadlines.slowNs;
    }
    return deadlines.slowNs;
  }

  /// Starts a thread and waits until it is done, hangs, or the time is over. Null where it was left behind.
  std::shared_ptr<Worker> watch(Worker::Task task, std::uint32_t gpu, std::string& error) {
    auto worker = std::make_shared<Worker>(task, gpu);
    std::thread(work, shared_, worker).detach();
    std::uint64_t sequence = 0;
    std::int64_t sinceNs = Clock::kernelMonotonicNs();
    while (!worker->done.load(std::memory_order_acquire)) {
      const timespec moment{0, kLookEveryNs};
      nanosleep(&moment, nullptr);
      flush(error);
      const std::int64_t now = Clock::kernelMonotonicNs();
      const nvml::Lane::View view = worker->lane.view();
      if (view.sequence != sequence) {
        sequence = view.sequence;
        sinceNs = now;
      }
      const bool hangs = now - sinceNs >= deadlineOf(view.call);
      if (!hangs && !over() && error.empty()) continue;
      leaveBehind(*worker, view.call, now - sinceNs, hangs);
      return nullptr;
    }
    flush(error);
    return worker;
  }

  void leaveBehind(Worker& worker, nvml::Call call, std::int64_t ns, bool hangs) {
    complete_ = false;
    ++left_;
    worker.abandoned.store(true, std::memory_order_release);
    const char* name = call == nvml::Call::none ? "" : nvml::kCallSymbols[nvml::index(call)];
    JsonWriter json;
    json.beginObject().member("record", "unfinished").member("function", name);
    if (worker.task == Worker::Task::gpu || worker.task == Worker::Task::pairs) json.member("gpu", worker.gpu);
    json.member("hangs", hangs).member("seconds", static_cast<double>(ns) * kSecondsPerNs);
    const proc::ThreadEvidence evidence = proc::readThreadEvidence(worker.lane.tid());
    if (evidence.state) json.member("thread_state", std::string_view(&evidence.state, 1));
    if (evidence.wchan[0]) json.member("wait_channel", evidence.wchan);
    json.endObject();
    shared_->log.add(json.text());
    std::fprintf(stderr, "gpu-node-sampler: %s %s; going on without it\n", *name ? name : "a thread",
                 hangs ? "does not come back" : "was not done in time");
  }

  /// Of GPUs whose own questions came back: a call about two sleeps where one of them does.
  void pairs(std::uint32_t gpus, std::string& error) {
    for (std::uint32_t gpu = 0; gpu < gpus && error.empty(); ++gpu) {
      if (!shared_->devices[gpu].load()) continue;
      if (left_ >= kMostLeftBehind || over()) {
        complete_ = false;
        return;
      }
      if (!watch(Worker::Task::pairs, gpu, error)) shared_->devices[gpu] = nullptr;
    }
  }

  void omit(std::uint32_t gpu, const char* why) {
    complete_ = false;
    JsonWriter json;
    json.beginObject().member("record", "left_out").member("gpu", gpu).member("why", why).endObject();
    shared_->log.add(json.text());
  }

  void head() {
    JsonWriter json;
    json.beginObject().member("record", "capture").member("format", "gpu-node-capture/1");
    json.member("made_by", std::string("gpu-node-sampler ") + kVersion);
    json.member("started_unix_seconds", realtimeNs_ / 1'000'000'000);
#if defined(__aarch64__)
    json.member("architecture", "aarch64");
#else
    json.member("architecture", "x86_64");
#endif
    json.member("root", geteuid() == 0).member("anonymised", false);
    json.key("not_asked").beginObject();
    for (const Recipe& recipe : kRecipes)
      if (recipe.subject == Subject::notAsked) json.member(nvml::kCallSymbols[nvml::index(recipe.call)], recipe.why);
    json.endObject().endObject();
    shared_->log.add(json.text());
  }

  void tail() {
    JsonWriter json;
    json.beginObject().member("record", "end").member("complete", complete_ && !shared_->log.full());
    json.member("lines", shared_->log.lines() + 1);
    json.member("seconds", static_cast<double>(Clock::kernelMonotonicNs() - startedNs_) * kSecondsPerNs).endObject();
    shared_->log.add(json.text());
  }

  void flush(std::string& error) {
    if (error.empty()) file_.write(shared_->log.take(), error);
  }

  const std::shared_ptr<Shared> shared_;
  OutputFile& file_;
  const std::int64_t realtimeNs_, startedNs_, endsNs_;
  bool complete_ = true;
  int left_ = 0;
};

}  // namespace

EngineEnd run(const EngineOptions& options, std::string& message) {
  // Interrupted, a capture ends with what it has.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, [](int) { interrupted = 1; });
  const std::unique_ptr<Clock> clock =
      options.clockFile.empty() ? std::make_unique<Clock>() : std::make_unique<Clock>(options.clockFile);
  OutputFile file(options.captureFile);
  message = clock->error();
  if (!clock->valid() || !file.open(message)) return EngineEnd::usage;
  return Run(options, *clock, file).run(message);
}

}  // namespace gna::capture
