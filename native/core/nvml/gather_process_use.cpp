// Which process used how much of the engines, by the driver's own samples.

#include <algorithm>

#include "core/nvml/gather.h"

namespace gna::nvml {

namespace {

constexpr std::size_t kMostSamples = 16384;  // above this a count is not believed
constexpr std::uint32_t kMostPercent = 100;
constexpr std::uint64_t kStandsForUs = 5'000'000;

/// What GPUs and drivers without a kind of work answer: such a list has nobody in it.
bool isWithoutList(std::uint8_t status) {
  return status == kErrorNotSupported || status == kErrorFunctionNotFound || status == reading_status::kSymbolMissing;
}

double ratioOf(std::uint32_t percent) { return percent <= kMostPercent ? kPercent(percent) : -1; }

}  // namespace

Return Gather::askProcessUse(std::uint32_t& count) {
  auto& samples = g.useSamples_;
  if (!g.oldProcessUse_) {
    ProcessesUtilizationInfo_v1 info{kProcessesUtilizationInfo_v1Version, static_cast<std::uint32_t>(samples.size()),
                                     g.useLastSeenUs_, samples.data()};
    const Return code = call(Call::DeviceGetProcessesUtilizationInfo, g.handle_, &info);
    count = info.processSamplesCount;
    if (!isOlderDriver(code)) return code;
    g.oldProcessUse_ = true;
  }
  auto& old = g.oldUseSamples_;
  old.resize(samples.size());
  count = static_cast<std::uint32_t>(old.size());
  const Return code = call(Call::DeviceGetProcessUtilization, g.handle_, old.data(), &count,
                           static_cast<unsigned long long>(g.useLastSeenUs_));
  constexpr std::uint32_t kUnknown = kMostPercent + 1;
  for (std::size_t i = 0; code == kSuccess && i < std::min<std::size_t>(count, old.size()); ++i)
    samples[i] = {old[i].timeStamp, old[i].pid,     old[i].smUtil, old[i].memUtil,
                  old[i].encUtil,   old[i].decUtil, kUnknown,      kUnknown};
  return code;
}

void Gather::processUse() {
  if (!due(Reading::process_utilization_samples)) return;
  auto& uses = g.lists_.processUses;
  std::uint32_t count = 0;
  Return code = kCallSkipped;
  for (int attempt = 0; attempt < 2; ++attempt) {
    code = askProcessUse(count);
    if (code != kErrorInsufficientSize || g.useSamples_.size() >= kMostSamples) break;
    g.useSamples_.resize(std::min<std::size_t>(kMostSamples, std::max<std::size_t>(count, g.useSamples_.size()) * 2));
  }
  forgetOldUses();
  // 6 = no process did anything since the last sample that was seen.
  if (code == kErrorNotFound || code == kErrorNoData) code = kSuccess, count = 0;
  if (code == kSuccess && count > g.useSamples_.size()) count = static_cast<std::uint32_t>(g.useSamples_.size());
  if (code != kSuccess) return store(Reading::process_utilization_samples, code, 0);
  const std::uint64_t sinceUs = g.useLastSeenUs_;
  // A step of the wall clock back would keep every later sample out.
  if (sinceUs > static_cast<std::uint64_t>(g.clock_.realtimeNs() / 1000)) g.useLastSeenUs_ = 0;
  for (std::uint32_t i = 0; i < count; ++i) addProcessUse(g.useSamples_[i], sinceUs);
  const auto told =
      std::count_if(uses.begin(), uses.end(), [](const shm::ProcessUse& use) { return use.sm_ratio >= 0; });
  store(Reading::process_utilization_samples, code, static_cast<double>(told));
}

/// Whether the lists say of every process that it is there or not: a list that failed or was cut off does not.
bool Gather::processesTold() const {
  const auto& readings = g.record_.readings;
  if (g.record_.process_total != g.lists_.processes.size()) return false;
  bool read = false;
  for (const Reading list : {Reading::compute_processes, Reading::graphics_processes, Reading::mps_processes}) {
    const std::uint8_t status = readings.status[gna::index(list)];
    if (status == reading_status::kPresent)
      read = true;
    else if (!isWithoutList(status))
      return false;
  }
  return read;
}

void Gather::processAccounts() {
  const auto& readings = g.record_.readings;
  ProcessLook look;
  look.listed = g.lists_.processes;
  look.complete = processesTold();
  look.uses = g.lists_.processUses;
  look.sampled = readings.has(Reading::process_utilization_samples);
  if (readings.has(Reading::energy_joules_total)) look.energyJoules = readings[Reading::energy_joules_total];
  look.nowNs = g.clock_.monotonicNs();
  g.accounts_.look(look);
  g.lists_.accounts = g.accounts_.accounts();
}

/// A process that did nothing has no new sample: its last one stands for a while, longer than drivers sample apart.
void Gather::forgetOldUses() {
  const auto& listed = g.lists_.processes;
  const auto nowUs = static_cast<std::uint64_t>(g.clock_.realtimeNs() / 1000);
  std::erase_if(g.lists_.processUses, [&](const shm::ProcessUse& use) {
    const bool old = use.sampled_us > nowUs || nowUs - use.sampled_us > kStandsForUs;
    return old || std::none_of(listed.begin(), listed.end(), [&](const auto& one) { return one.pid == use.pid; });
  });
}

/// Drivers hand out entries of processes that are not running, of before the last one seen, of times to come, and
/// percentages that are none (nvml.md §12.1): those are not believed. A process of which there is nothing else is then
/// one of whose use nothing is known: without an entry it would be taken for idle. Of several samples of one process
/// the newest counts.
void Gather::addProcessUse(const ProcessUtilizationInfo_v1& sample, std::uint64_t sinceUs) {
  if (sample.pid == 0 || sample.timeStamp <= sinceUs) return;
  const auto& listed = g.lists_.processes;
  if (std::none_of(listed.begin(), listed.end(), [&](const auto& one) { return one.pid == sample.pid; })) return;
  const auto nowUs = static_cast<std::uint64_t>(g.clock_.realtimeNs() / 1000);
  const bool believed = sample.smUtil <= kMostPercent && sample.timeStamp <= nowUs;
  const std::uint64_t atUs = std::min<std::uint64_t>(sample.timeStamp, nowUs);
  auto& uses = g.lists_.processUses;
  auto known = std::find_if(uses.begin(), uses.end(), [&](const auto& use) { return use.pid == sample.pid; });
  if (known == uses.end()) {
    if (uses.size() >= shm::kMaxProcessesPerGpu || (!believed && nowUs - atUs > kStandsForUs)) return;
    known = uses.insert(uses.end(), shm::ProcessUse{});
  } else if (believed ? known->sm_ratio >= 0 && known->sampled_us >= sample.timeStamp : known->sm_ratio >= 0) {
    return;
  }
  *known = shm::ProcessUse{};
  known->pid = sample.pid;
  known->sampled_us = atUs;
  if (!believed) return;
  known->sm_ratio = ratioOf(sample.smUtil);
  known->memory_ratio = ratioOf(sample.memUtil);
  known->encoder_ratio = ratioOf(sample.encUtil);
  known->decoder_ratio = ratioOf(sample.decUtil);
  known->jpeg_ratio = ratioOf(sample.jpgUtil);
  known->ofa_ratio = ratioOf(sample.ofaUtil);
  if (sample.timeStamp > g.useLastSeenUs_) g.useLastSeenUs_ = sample.timeStamp;
}

}  // namespace gna::nvml
