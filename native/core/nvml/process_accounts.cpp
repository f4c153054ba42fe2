#include "core/nvml/process_accounts.h"

#include <algorithm>

namespace gna::nvml {

namespace {

constexpr double kSecondsPerNs = 1e-9;
constexpr std::int64_t kNsPerUs = 1000;
constexpr std::uint64_t kUnknownBytes = ~std::uint64_t{0};

}  // namespace

void ProcessAccounts::look(const ProcessLook& now) {
  if (!now.listsRead) return pause();
  const std::int64_t gapNs = lookedNs_ == 0 ? 0 : now.nowNs - lookedNs_;
  const std::int64_t spanNs = gapNs <= kLongestGapNs ? gapNs : 0;
  lookedNs_ = now.nowNs;
  takeList(now);
  for (Account& one : all_) {
    if (!one.present) continue;
    // Of one that came since the last look nobody knows how long it has been there.
    const std::int64_t own = one.figures.since_monotonic_ns == now.nowNs ? 0 : spanNs;
    if (now.sampled) addBusy(one, now, own);
    if (one.bytes == kUnknownBytes)
      one.figures.memory_unknown = 1;
    else
      one.figures.memory_byte_seconds += static_cast<double>(one.bytes) * static_cast<double>(own) * kSecondsPerNs;
  }
  // A counter that fell has begun anew: what it grew by is not known.
  if (now.sampled && spanNs > 0 && now.energyJoules && energyJoules_ && *now.energyJoules > *energyJoules_)
    addEnergy(*now.energyJoules - *energyJoules_, spanNs);
  energyJoules_ = now.energyJoules;
  publish(now.nowNs);
}

/// Who is there at this look. A process with two kinds of work is in two lists, with the same memory in both.
void ProcessAccounts::takeList(const ProcessLook& now) {
  for (Account& one : all_) {
    one.present = false;
    one.gainedNs = 0;
    one.bytes = kUnknownBytes;
  }
  for (const shm::ProcessEntry& entry : now.listed) {
    Account* account = accountOf(entry, now.nowNs);
    if (!account) continue;
    account->present = true;
    account->client = entry.type == shm::ProcessType::mps;
    account->figures.present_monotonic_ns = now.nowNs;
    if (entry.used_memory_bytes == kUnknownBytes) continue;
    account->bytes =
        account->bytes == kUnknownBytes ? entry.used_memory_bytes : std::max(account->bytes, entry.used_memory_bytes);
  }
  for (Account& one : all_) one.gone = one.gone || !one.present;
}

/// The account of a listed process, a new one if it has none; null when there is no room for one.
ProcessAccounts::Account* ProcessAccounts::accountOf(const shm::ProcessEntry& entry, std::int64_t nowNs) {
  for (Account& one : all_)
    if (!one.gone && one.figures.pid == entry.pid && one.figures.gpu_instance == entry.gpu_instance &&
        one.figures.compute_instance == entry.compute_instance)
      return &one;
  if (all_.size() == shm::kMaxAccountsPerGpu) return nullptr;
  Account account;
  account.figures.pid = entry.pid;
  account.figures.gpu_instance = entry.gpu_instance;
  account.figures.compute_instance = entry.compute_instance;
  account.figures.since_monotonic_ns = nowNs;
  account.bytes = kUnknownBytes;
  return &all_.emplace_back(account);
}

/// A sample is the mean of the driver's last period. It stands for the time since the one before it, but after a pause,
/// in which a process that does nothing has none, for no more than that period can have been.
void ProcessAccounts::addBusy(Account& account, const ProcessLook& now, std::int64_t spanNs) {
  const auto use =
      std::find_if(now.uses.begin(), now.uses.end(), [&](const auto& one) { return one.pid == account.figures.pid; });
  if (use == now.uses.end() && account.client) return;
  shm::ProcessAccount& figures = account.figures;
  figures.observed_ns += static_cast<std::uint64_t>(spanNs);
  if (use == now.uses.end() || use->sampled_us == account.sampledUs) return;
  const std::int64_t sinceNs = static_cast<std::int64_t>(use->sampled_us - account.sampledUs) * kNsPerUs;
  account.sampledUs = use->sampled_us;
  // Nothing before the first look, nor across a step of the wall clock back.
  if (spanNs == 0 || sinceNs < 0 || use->sm_ratio < 0) return;
  const std::int64_t standsNs = std::min(sinceNs, std::max(spanNs, kSampleStandsNs));
  const auto busyNs = static_cast<std::uint64_t>(use->sm_ratio * static_cast<double>(standsNs));
  account.gainedNs = std::min(busyNs, figures.observed_ns - figures.busy_ns);
  figures.busy_ns += account.gainedNs;
}

/// By busy time: what the GPU took while nobody had kernels on it is nobody's.
void ProcessAccounts::addEnergy(double joules, std::int64_t spanNs) {
  double gained = 0;
  for (const Account& one : all_) gained += static_cast<double>(one.gainedNs);
  const double whole = std::max(gained, static_cast<double>(spanNs));
  for (Account& one : all_) one.figures.energy_joules += joules * static_cast<double>(one.gainedNs) / whole;
}

void ProcessAccounts::publish(std::int64_t nowNs) {
  std::erase_if(all_, [&](const Account& one) { return nowNs - one.figures.present_monotonic_ns > kKeptNs; });
  accounts_.clear();
  for (const Account& one : all_) accounts_.push_back(one.figures);
}

}  // namespace gna::nvml
