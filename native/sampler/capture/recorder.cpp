#include "sampler/capture/recorder.h"

#include <algorithm>
#include <cstring>

#include "core/clock/clock.h"
#include "core/nvml/return_code.h"

namespace gna::capture {

using namespace nvml;

namespace {

constexpr std::int64_t kOnceIsEnoughNs = 20'000'000;  // a call that takes longer is not repeated

std::uint64_t wordOf(const void* address) { return reinterpret_cast<std::uint64_t>(address); }

bool isText(Parameter::Kind kind) { return kind == Parameter::Kind::text || kind == Parameter::Kind::textAlone; }

bool isStructure(Parameter::Kind kind) {
  return kind == Parameter::Kind::structure || kind == Parameter::Kind::structureOf;
}

bool isMemory(Parameter::Kind kind) { return kind == Parameter::Kind::out || isText(kind) || isStructure(kind); }

/// Room for what one parameter points to. More than the largest structure: a driver that writes further than it should
/// does not reach what is behind.
using Buffer = std::array<unsigned char, 512>;

void prepare(Buffer& buffer, const Parameter& parameter, std::uint32_t chosen) {
  buffer.fill(0);
  if (!isStructure(parameter.kind)) return;
  std::memcpy(buffer.data(), &parameter.version, sizeof parameter.version);
  if (parameter.kind == Parameter::Kind::structureOf) std::memcpy(buffer.data() + 4, &chosen, sizeof chosen);
}

std::string contentOf(Buffer buffer, const Parameter& parameter) {
  std::fill_n(buffer.begin(), parameter.hidden, 0);
  std::size_t bytes = parameter.bytes;
  if (isText(parameter.kind)) {
    const auto end = std::find(buffer.begin(), buffer.begin() + parameter.bytes, 0);
    bytes = std::min<std::size_t>(bytes, static_cast<std::size_t>(end - buffer.begin()) + 1);
  }
  return hexText(buffer.data(), bytes);
}

}  // namespace

std::string hexText(const void* bytes, std::size_t count) {
  constexpr const char* kHex = "0123456789abcdef";
  std::string text;
  text.reserve(2 * count);
  for (std::size_t i = 0; i < count; ++i) {
    const unsigned char byte = static_cast<const unsigned char*>(bytes)[i];
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

Return Recorder::call(Call id, const Words& words) {
  if (abandoned_.load(std::memory_order_acquire)) return kCallSkipped;
  const auto function = library_.get<Return (*)(Word, Word, Word, Word, Word, Word)>(id);
  if (!function) return kNoSuchSymbol;
  lastCall_ = id;
  return lane_.run(id, function, words[0], words[1], words[2], words[3], words[4], words[5]);
}

Return Recorder::timed(Call id, const Words& words, Durations& durations, const std::function<void()>& prepareBuffers) {
  Return code = kCallSkipped;
  while (durations.each.size() < Durations::kMost) {
    prepareBuffers();
    const std::int64_t before = Clock::kernelMonotonicNs();
    code = call(id, words);
    const std::int64_t took = Clock::kernelMonotonicNs() - before;
    if (code == kCallSkipped || code == kNoSuchSymbol) break;
    durations.each.push_back(took);
    if (took > kOnceIsEnoughNs) break;
  }
  return code;
}

bool Recorder::begin(JsonWriter& json, const char* record, Call id, const About& about) const {
  if (!library_.has(id)) return false;
  json.beginObject().member("record", record).member("function", kCallSymbols[index(id)]);
  if (about.gpu) json.member("gpu", *about.gpu);
  if (about.mig) json.member("mig", *about.mig);
  if (about.gpuInstance) json.member("gpu_instance", *about.gpuInstance);
  return true;
}

void Recorder::end(JsonWriter& json, Return code, const Durations& durations) {
  if (code == kCallSkipped || abandoned_.load(std::memory_order_acquire)) return;
  json.member("code", code);
  if (!durations.each.empty()) {
    std::vector<std::int64_t> sorted = durations.each;
    std::sort(sorted.begin(), sorted.end());
    json.key("nanoseconds").beginArray().value(sorted.front()).value(sorted[sorted.size() / 2]);
    json.value(sorted.size()).endArray();
  }
  json.endObject();
  log_.add(json.text());
}

void Recorder::ask(const Recipe& recipe, const About& about, const void* handle, std::uint32_t number,
                   const std::array<std::uint32_t, kMostParameters>& chosen) {
  JsonWriter json;
  if (!begin(json, "answer", recipe.call, about)) return;
  std::array<Buffer, kMostParameters> buffers;
  Words words{};
  std::size_t at = 0;
  if (recipe.subject != Subject::node) words[at++] = wordOf(handle);
  json.key("arguments").beginArray();
  for (std::size_t i = 0; i < kMostParameters; ++i) {
    const Parameter& p = recipe.parameters[i];
    const std::uint32_t value = p.kind == Parameter::Kind::choice || p.choices > 0 ? chosen[i] : number;
    if (p.kind == Parameter::Kind::peer) {
      words[at++] = wordOf(peer_);
      json.value(number);
    } else if (p.kind == Parameter::Kind::choice || p.kind == Parameter::Kind::number) {
      words[at++] = value;
      json.value(value);
    } else if (isMemory(p.kind)) {
      words[at++] = wordOf(buffers[i].data());
      if (p.kind == Parameter::Kind::text) words[at++] = p.bytes;
      if (isStructure(p.kind)) json.value(p.version);
      if (p.kind == Parameter::Kind::structureOf) json.value(value);
    }
  }
  json.endArray();
  Durations durations;
  const Return code = timed(recipe.call, words, durations, [&] {
    for (std::size_t i = 0; i < kMostParameters; ++i)
      prepare(buffers[i], recipe.parameters[i], recipe.parameters[i].choices > 0 ? chosen[i] : number);
  });
  if (code == kSuccess) {
    json.key("bytes").beginArray();
    for (std::size_t i = 0; i < kMostParameters; ++i)
      if (isMemory(recipe.parameters[i].kind)) json.value(contentOf(buffers[i], recipe.parameters[i]));
    json.endArray();
  }
  end(json, code, durations);
}

/// Asks with every combination of choices.
void Recorder::follow(const Recipe& recipe, const About& about, const void* handle, std::uint32_t number) {
  std::array<std::uint32_t, kMostParameters> chosen{};
  for (;;) {
    ask(recipe, about, handle, number, chosen);
    std::size_t i = 0;
    while (i < kMostParameters && ++chosen[i] >= std::max<std::uint16_t>(1, recipe.parameters[i].choices))
      chosen[i++] = 0;
    if (i == kMostParameters || abandoned_.load(std::memory_order_acquire)) return;
  }
}

void Recorder::forAll(Subject subject, const About& about, const void* handle, std::uint32_t number) {
  for (const Recipe& recipe : kRecipes)
    if (recipe.subject == subject) follow(recipe, about, handle, number);
}

Return Recorder::initialise() {
  Return code = kNoSuchSymbol;
  auto attempt = [&](Call id, std::uint64_t flags) {
    JsonWriter json;
    if (!begin(json, "answer", id, {})) return kNoSuchSymbol;
    json.key("arguments").beginArray();
    if (id == Call::InitWithFlags) json.value(flags);
    json.endArray();
    Durations once;
    const std::int64_t before = Clock::kernelMonotonicNs();
    const Return answer = call(id, {flags});
    once.each.push_back(Clock::kernelMonotonicNs() - before);
    end(json, answer, once);
    return answer;
  };
  code = attempt(Call::InitWithFlags, kInitFlagNoGpus | kInitFlagNoAttach);
  if (code == kErrorInvalidArgument) code = attempt(Call::InitWithFlags, kInitFlagNoGpus);
  for (const Call older : {Call::Init_v2, Call::Init})
    if (code == kNoSuchSymbol || code == kErrorFunctionNotFound) code = attempt(older, 0);
  return code;
}

std::uint32_t Recorder::node() {
  forAll(Subject::node, {}, nullptr);
  std::uint32_t count = 0;
  for (const Call id : {Call::DeviceGetCount_v2, Call::DeviceGetCount})
    if (call(id, {wordOf(&count)}) == kSuccess) return count;
  return 0;
}

Device Recorder::handleOf(std::uint32_t gpuIndex) {
  Device found = nullptr;
  for (const Call id : {Call::DeviceGetHandleByIndex_v2, Call::DeviceGetHandleByIndex}) {
    JsonWriter json;
    if (!begin(json, "answer", id, {.gpu = gpuIndex, .mig = {}, .gpuInstance = {}})) continue;
    json.key("arguments").beginArray().value(gpuIndex).endArray();
    Device handle = nullptr;
    Durations once;
    const std::int64_t before = Clock::kernelMonotonicNs();
    const Return code = call(id, {gpuIndex, wordOf(&handle)});
    // The first of the two attaches the GPU; asking again would only time a table.
    once.each.push_back(Clock::kernelMonotonicNs() - before);
    end(json, code, once);
    if (code == kSuccess && !found) found = handle;
  }
  return found;
}

std::uint32_t Recorder::countFrom(Call id, Device device) {
  std::uint32_t count = 0;
  return call(id, {wordOf(device), wordOf(&count)}) == kSuccess ? count : 0;
}

Device Recorder::gpu(std::uint32_t gpuIndex) {
  constexpr std::uint32_t kMostFans = 32;
  const About about{.gpu = gpuIndex, .mig = {}, .gpuInstance = {}};
  const Device device = handleOf(gpuIndex);
  if (!device) return nullptr;
  // Names come first: when a later call hangs, who it was is known.
  forAll(Subject::gpuAndMig, about, device);
  forAll(Subject::gpu, about, device);
  const std::uint32_t fans = std::min(kMostFans, countFrom(Call::DeviceGetNumFans, device));
  for (std::uint32_t fan = 0; fan < fans; ++fan) forAll(Subject::fan, about, device, fan);
  const std::uint32_t links = fields(about, device);
  for (std::uint32_t link = 0; link < links; ++link) forAll(Subject::link, about, device, link);
  processes(about, device);
  processUse(about, device);
  samples(about, device);
  capacity(about, device);
  instances(about, device);
  activity(about, device);
  return device;
}

void Recorder::pairs(std::uint32_t gpuIndex, std::span<const Device> devices) {
  const About about{.gpu = gpuIndex, .mig = {}, .gpuInstance = {}};
  for (std::uint32_t other = 0; other < devices.size(); ++other) {
    if (other == gpuIndex || !devices[other]) continue;
    peer_ = devices[other];
    forAll(Subject::pair, about, devices[gpuIndex], other);
  }
}

}  // namespace gna::capture
