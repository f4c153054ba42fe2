// The sweep over driver answers: every call the core makes, every field and metric it asks for, with every answer.
//   sweep [--short] <directory of a simulated node with a frozen clock>…
// All nodes are of one driver branch. Prints TAP: a point for each cause.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "effects.h"
#include "trial.h"

namespace gna::sweep {
namespace {

using nvml::Call;
using nvml::Return;

constexpr std::size_t kMostShown = 6;  // problems of one cause

// Made by the sampler's own threads and not by the reader of a GPU: swept with the sampler.
constexpr Call kNotOfAGpu[] = {
    Call::InitWithFlags,
    Call::Init_v2,
    Call::Init,
    Call::Shutdown,
    Call::SystemGetDriverVersion,
    Call::SystemGetNVMLVersion,
    Call::SystemGetCudaDriverVersion_v2,
    Call::SystemGetCudaDriverVersion,
    Call::DeviceGetCount_v2,
    Call::DeviceGetCount,
    Call::EventSetCreate,
    Call::DeviceRegisterEvents,
    Call::EventSetWait_v2,
    Call::EventSetWait,
    Call::EventSetFree,
    Call::LibraryOpen,
    Call::HamiSweep,
    Call::DriverGpuInformation,
    Call::SystemGetConfComputeCapabilities,
    Call::SystemGetConfComputeState,
    Call::SystemGetConfComputeSettings,
    Call::SystemGetConfComputeGpusReadyState,
    Call::SystemGetConfComputeKeyRotationThresholdInfo,
    Call::DeviceGetHandleByPciBusId_v2,  // only for a GPU that was lost while others are read
    Call::GpuCycle,
    // Of two GPUs: what is lost with them, and that nothing else is, see test/supervisor/topology.test.ts.
    Call::DeviceGetTopologyCommonAncestor,
    Call::DeviceGetP2PStatus,
};

bool isOfAGpu(Call call) { return std::ranges::find(kNotOfAGpu, call) == std::end(kNotOfAGpu); }

struct Result {
  std::size_t trials = 0, failed = 0, gpus = 0;
  std::vector<std::string> shown;
};

/// A node with its library open and initialised, for as long as the program runs.
struct Node {
  explicit Node(const std::string& directory)
      : name(directory.substr(directory.rfind('/') + 1)), clock(directory + "/clock"), mover(directory + "/clock") {
    std::string report;
    if (!clock.valid() || !mover.valid() || !library.open({directory + "/driver/libnvidia-ml.so.1", {}}, report)) {
      std::printf("Bail out! %s: %s\n", directory.c_str(), report.c_str());
      std::exit(1);
    }
    const auto init = library.get<Return (*)(std::uint32_t)>(Call::InitWithFlags);
    const auto version = library.get<Return (*)(char*, std::uint32_t)>(Call::SystemGetDriverVersion);
    const auto count = library.get<Return (*)(std::uint32_t*)>(Call::DeviceGetCount_v2);
    char text[nvml::kSystemDriverVersionBufferSize] = {};
    if (init(nvml::kInitFlagNoGpus | nvml::kInitFlagNoAttach) != 0 || version(text, sizeof text) != 0 ||
        count(&gpus) != 0) {
      std::printf("Bail out! %s: the simulated driver does not answer\n", directory.c_str());
      std::exit(1);
    }
    driverMajor = static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10));
  }

  std::string name;
  nvml::Library library;
  Clock clock;
  NodeClock mover;
  std::uint32_t driverMajor = 0, gpus = 0;
};

class Sweep {
 public:
  explicit Sweep(bool isShort) : isShort_(isShort) {}

  void node(const std::string& directory) {
    nodes_.push_back(std::make_unique<Node>(directory));
    Node& node = *nodes_.back();
    for (std::size_t i = 0; i < nvml::kCallCount; ++i)
      if (node.library.has(static_cast<Call>(i))) exported_.insert(static_cast<Call>(i));
    for (std::uint32_t gpu = 0; gpu < node.gpus; ++gpu) {
      const Place place{node.library, node.clock, node.mover, node.driverMajor, gpu};
      const Undisturbed plain(place, {});
      if (!isNews(plain)) continue;
      where_ = node.name + " GPU " + std::to_string(gpu);
      sweepGpu(place, plain);
    }
  }

  int report() {
    const std::string driver = "driver branch " + std::to_string(nodes_.empty() ? 0 : nodes_[0]->driverMajor);
    const char* subject = driver.c_str();
    std::size_t number = 0, bad = 0, trials = 0;
    for (const auto& [cause, result] : results_) {
      for (const std::string& line : result.shown) std::printf("# %s\n", line.c_str());
      if (result.failed > kMostShown) std::printf("# … %zu in all\n", result.failed);
      std::printf("%sok %zu - %s: %s, %zu answers on %zu GPUs\n", result.failed ? "not " : "", ++number, subject,
                  cause.name().c_str(), result.trials, result.gpus);
      bad += result.failed ? 1 : 0;
      trials += result.trials;
    }
    for (const Call call : exported_) {
      if (isShort_ || !isOfAGpu(call) || results_.contains({call})) continue;
      std::printf("not ok %zu - %s: %s is reached on some simulated GPU\n", ++number, subject,
                  nvml::kCallSymbols[nvml::index(call)]);
      ++bad;
    }
    std::printf("1..%zu\n# %zu trials\n", number, trials);
    return bad == 0 && number > 0 ? 0 : 1;
  }

 private:
  /// A GPU on which something is asked or known that was on none before.
  bool isNews(const Undisturbed& plain) {
    const std::size_t before = seen_.size();
    for (const Cause& cause : plain.reached) seen_.insert(cause.name());
    for (const auto& [path, item] : plain.soon)
      if (item.isPresent()) seen_.insert(kindOf(path));
    return seen_.size() > before;
  }

  /// First the driver as it is, then without each function that has an older one: what is asked instead is swept there.
  void sweepGpu(const Place& place, const Undisturbed& plain) {
    std::set<Cause> swept;
    std::vector<std::vector<Cause>> waiting{{}};
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      const std::vector<Cause> without = waiting[i];
      const Undisturbed expected = i == 0 ? plain : Undisturbed(place, without);
      std::vector<Cause> fresh;
      for (const Cause& cause : expected.reached)
        if (!swept.contains(cause) && isOfAGpu(cause.call)) fresh.push_back(cause);
      for (const Cause& cause : fresh) sweepCause(place, without, expected, cause);
      swept.insert(fresh.begin(), fresh.end());
      for (const Cause& cause : fresh) {
        waiting.push_back(without);
        waiting.back().push_back(cause);
      }
    }
  }

  void sweepCause(const Place& place, const std::vector<Cause>& without, const Undisturbed& expected,
                  const Cause& cause) {
    Result& result = results_[cause];
    ++result.gpus;
    std::string context = where_;
    for (const Cause& other : without) context += " without " + other.name();
    if (!hasEffect(cause)) fail(result, context, {"", "nobody has said what this call is made for"});
    // Of the many fields and metrics, which all go one way, every code on one GPU and one of each class on the others.
    const bool some = isShort_ || (cause.entry != 0 && result.gpus > 1);
    for (const Answer& answer : some ? representativeAnswers(cause.entry != 0) : allAnswers()) {
      if (answer.missing && cause.entry != 0) continue;
      ++result.trials;
      for (const std::string& problem : Trial(place, without, expected, cause, answer).run())
        fail(result, context, {answer.name(), problem});
    }
  }

  void fail(Result& result, const std::string& context, const std::pair<std::string, std::string>& what) {
    if (result.shown.size() < kMostShown) result.shown.push_back(context + ", " + what.first + ": " + what.second);
    ++result.failed;
  }

  const bool isShort_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::set<Call> exported_;
  std::set<std::string> seen_;
  std::map<Cause, Result> results_;
  std::string where_;
};

}  // namespace
}  // namespace gna::sweep

int main(int count, char** arguments) {
  using namespace gna::sweep;
  std::vector<std::string> directories(arguments + 1, arguments + count);
  const bool isShort = std::erase(directories, "--short") > 0;
  Sweep sweep(isShort);
  for (const std::string& directory : directories) sweep.node(directory);
  return sweep.report();
}
