#pragma once
// Asks the driver for everything a capture wants to know and writes one line for each answer. One thread; every call
// is made on a lane that somebody watches.

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/nvml/lane.h"
#include "core/nvml/library.h"
#include "sampler/capture/recipes.h"
#include "sampler/capture/record_log.h"
#include "sampler/json_writer.h"

namespace gna::capture {

/// Whom an answer is about, as it stands in its line.
struct About {
  std::optional<std::uint32_t> gpu;
  std::optional<std::uint32_t> mig;          // number among the GPU's MIG devices
  std::optional<std::uint32_t> gpuInstance;  // id
};

/// Nanoseconds that a call took.
struct Durations {
  static constexpr std::size_t kMost = 5;
  std::vector<std::int64_t> each;
};

class Recorder {
 public:
  /// `abandoned`, once set, ends everything at the next question: what a call answers after that is nobody's any more.
  Recorder(const nvml::Library& library, nvml::Lane& lane, RecordLog& log, const std::atomic<bool>& abandoned)
      : library_(library), lane_(lane), log_(log), abandoned_(abandoned) {}

  /// The init chain. What the last call of it answered.
  nvml::Return initialise();
  /// What is known of the node, and how many GPUs there are.
  std::uint32_t node();
  /// Everything of one GPU. Its handle, null where it has none.
  nvml::Device gpu(std::uint32_t index);
  /// What one GPU and each of the others are to each other; null for those that are not asked about.
  void pairs(std::uint32_t index, std::span<const nvml::Device> devices);

  nvml::Call lastCall() const { return lastCall_; }

 private:
  // Integers and addresses, at most six: on x86_64 and aarch64 each travels in a register of its own whatever its
  // width, so one type of function fits every getter of the interface.
  using Word = std::uint64_t;
  using Words = std::array<Word, 6>;

  nvml::Return call(nvml::Call id, const Words& words);
  /// The same several times, for its durations. `prepare` puts the buffers as they were.
  nvml::Return timed(nvml::Call id, const Words& words, Durations& durations, const std::function<void()>& prepare);
  void follow(const Recipe& recipe, const About& about, const void* handle, std::uint32_t number);
  void ask(const Recipe& recipe, const About& about, const void* handle, std::uint32_t number,
           const std::array<std::uint32_t, kMostParameters>& chosen);
  void forAll(Subject subject, const About& about, const void* handle, std::uint32_t number = 0);
  bool begin(JsonWriter& json, const char* record, nvml::Call id, const About& about) const;
  void end(JsonWriter& json, nvml::Return code, const Durations& durations);

  nvml::Device handleOf(std::uint32_t index);
  void processes(const About& about, nvml::Device device);
  void processList(nvml::Call id, const About& about, nvml::Device device);
  void processUse(const About& about, nvml::Device device);
  void samples(const About& about, nvml::Device device);
  std::uint32_t fields(const About& about, nvml::Device device);
  std::uint32_t fieldsOf(const About& about, nvml::Device device, std::uint32_t scope, std::uint32_t wanted);
  void capacity(const About& about, nvml::Device device);
  void instances(const About& about, nvml::Device device);
  void activity(const About& about, nvml::Device device);
  std::uint32_t countFrom(nvml::Call id, nvml::Device device);

  const nvml::Library& library_;
  nvml::Lane& lane_;
  RecordLog& log_;
  const std::atomic<bool>& abandoned_;
  nvml::Device peer_ = nullptr;  // of the pair that is being asked about
  nvml::Call lastCall_ = nvml::Call::none;
};

/// Two digits for each byte.
std::string hexText(const void* bytes, std::size_t count);

}  // namespace gna::capture
