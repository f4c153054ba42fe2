#include "plan.h"

#include <cstdio>
#include <map>
#include <set>

#include "effects.h"
#include "node.h"
#include "reach.h"

namespace gna::sweep {

namespace {

using Functions = std::map<Cause, std::vector<std::string>>;  // by function, what the driver must lack for it

/// What is known of some nodes.
struct Known {
  Functions functions;
  std::map<Cause, std::map<std::string, std::set<std::uint32_t>>> gpus;  // by function and node
  std::set<std::string> paths;
  std::set<std::string> exported;  // functions of the driver that there are
};

// A fault of a simulated node is one of a whole function.
bool isFunction(const Cause& cause) { return cause.entry == 0 && isOfAGpu(cause.call); }

void addGpu(Known& known, Node& node, std::uint32_t gpu) {
  const Place place = node.place(gpu);
  const Undisturbed plain(place, {});
  for (const auto& [path, item] : plain.soon) known.paths.insert(path);
  const auto isNew = [&](const Cause& cause) { return isFunction(cause) && !known.functions.contains(cause); };
  Functions found;
  forEachDriver(place, plain, isNew, [&](const auto& without, const Undisturbed& undisturbed, const auto& causes) {
    for (const auto& [path, item] : undisturbed.soon) known.paths.insert(path);
    std::vector<std::string> names;
    names.reserve(without.size());
    for (const Cause& cause : without) names.push_back(cause.name());
    for (const Cause& cause : causes) found[cause] = names;
  });
  known.functions.merge(found);
  for (const Cause& cause : plain.reached)
    if (isFunction(cause)) known.gpus[cause][node.name].insert(gpu);
}

/// Whether a reading is gone with every code that is no reason to ask another function, and kept over none.
bool isAlwaysLost(const Effect& effect) {
  return effect.then == Then::gone && effect.keeps == Keeps::nothing && effect.none[0] == 0 && effect.none[1] == 0;
}

std::string quoted(const std::string& text) { return '"' + text + '"'; }
std::string quoted(std::uint32_t number) { return std::to_string(number); }

template <typename List>
std::string listed(const List& list) {
  std::string text = "[";
  for (const auto& item : list) text += (text.size() > 1 ? "," : "") + quoted(item);
  return text + "]";
}

void printAnswer(const Answer& answer, const char* end) {
  const auto word = [](bool is) { return is ? "true" : "false"; };
  std::printf(
      "{\"code\":%u,\"asksOlder\":%s,\"isUnsupported\":%s,\"isPassing\":%s,\"takesGpu\":%s,\"asksDriver\":%s}%s",
      answer.code, word(isOlder(answer)), word(isUnsupported(answer)), word(isPassing(answer)), word(takesGpu(answer)),
      word(asksDriver(answer)), end);
}

void printCall(const Known& known, const Cause& cause, const std::vector<std::string>& without, const char* end) {
  std::set<std::string> touched, lost;
  for (const std::string& path : known.paths) {
    const Effect effect = effectOn(path, cause);
    if (effect.then != Then::same) touched.insert(kindOf(path));
    if (isAlwaysLost(effect)) lost.insert(kindOf(path));
  }
  // An older function is asked by those who ask the newer one.
  const Cause* asker = &cause;
  for (const auto& [other, lacks] : known.functions)
    if (!without.empty() && other.name() == without.front()) asker = &other;
  std::string gpus;
  if (const auto found = known.gpus.find(*asker); found != known.gpus.end())
    for (const auto& [node, indexes] : found->second)
      gpus += (gpus.empty() ? "" : ",") + quoted(node) + ":" + listed(indexes);
  std::printf("{\"function\":\"%s\",\"without\":%s,\"gpus\":{%s},\"touched\":%s,\"lost\":%s}%s\n", cause.name().c_str(),
              listed(without).c_str(), gpus.c_str(), listed(touched).c_str(), listed(lost).c_str(), end);
}

}  // namespace

void printPlan(const std::vector<std::string>& directories) {
  Known known;
  for (const std::string& directory : directories) {
    Node node(directory);
    for (std::size_t i = 0; i < nvml::kCallCount; ++i)
      if (node.library.has(static_cast<nvml::Call>(i))) known.exported.insert(nvml::kCallSymbols[i]);
    for (std::uint32_t gpu = 0; gpu < node.gpus; ++gpu) addGpu(known, node, gpu);
  }
  std::vector<Answer> answers = allAnswers();
  std::erase_if(answers, [](const Answer& answer) { return answer.missing; });
  std::printf("{\"answers\":[");
  for (const Answer& answer : answers) printAnswer(answer, &answer == &answers.back() ? "],\n" : ",");
  std::printf("\"exported\":%s,\n\"calls\":[\n", listed(known.exported).c_str());
  std::size_t left = known.functions.size();
  for (const auto& [cause, without] : known.functions) printCall(known, cause, without, --left > 0 ? "," : "]}");
}

}  // namespace gna::sweep
