// The sweep over driver answers: every call the core makes, every field and metric it asks for, with every answer.
//   sweep [--short | --plan] <directory of a simulated node with a frozen clock>…
// All nodes are of one driver branch. Prints TAP: a point for each cause. With --plan nothing is tried, and printed is
// what a sweep of a running sampler has to try (plan.h).

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "effects.h"
#include "node.h"
#include "plan.h"
#include "reach.h"

namespace gna::sweep {
namespace {

using nvml::Call;

constexpr std::size_t kMostShown = 6;  // problems of one cause

struct Result {
  std::size_t trials = 0, failed = 0, gpus = 0;
  std::vector<std::string> shown;
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
      const Place place = node.place(gpu);
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

  void sweepGpu(const Place& place, const Undisturbed& plain) {
    const auto all = [](const Cause&) { return true; };
    forEachDriver(place, plain, all, [&](const auto& without, const Undisturbed& undisturbed, const auto& causes) {
      for (const Cause& cause : causes) sweepCause(place, without, undisturbed, cause);
    });
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
  if (std::erase(directories, "--plan") > 0) {
    printPlan(directories);
    return 0;
  }
  const bool isShort = std::erase(directories, "--short") > 0;
  Sweep sweep(isShort);
  for (const std::string& directory : directories) sweep.node(directory);
  return sweep.report();
}
