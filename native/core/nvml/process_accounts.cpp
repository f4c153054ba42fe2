#include "core/nvml/process_accounts.h"

#include <algorithm>
#include <tuple>

namespace gna::nvml {

namespace {

constexpr double kSecondsPerNs = 1e-9;
constexpr std::int64_t kNsPerUs = 1000;
constexpr std::uint64_t kUnknownBytes = ~std::uint64_t{0};

}  // namespace

// Those that are there never fill the accounts: whoever comes finds the room of one that is not.
static_assert(shm::kMaxAccountsPerGpu >= 2 * shm::kMaxProcessesPerGpu);

void ProcessAccounts::look(const ProcessLook& now) {
  takeList(now);
  for (Account& one : all_)
    if (one.present) addTime(one, now);
  takeEnergy(now);
  publish(now.nowNs);
}

void ProcessAccounts::pause() {
  for (Account& one : all_) {
    one.countedNs = 0;
    one.gainedNs = 0;
  }
  energyJoules_.reset();
}

/// Who is there at this look. A process with two kinds of work is in two lists, with the same memory in both.
void ProcessAccounts::takeList(const ProcessLook& now) {
  for (Account& one : all_) {
    one.present = false;
    one.bytes = kUnknownBytes;
  }
  const auto take = [&](Account& account, const shm::ProcessEntry& entry) {
    account.present = true;
    account.seenNs = now.nowNs;
    if (entry.used_memory_bytes == kUnknownBytes) return;
    account.bytes =
        account.bytes == kUnknownBytes ? entry.used_memory_bytes : std::max(account.bytes, entry.used_memory_bytes);
  };
  mps_ = false;
  for (const shm::ProcessEntry& entry : now.listed) {
    mps_ = mps_ || entry.type == shm::ProcessType::mps;
    Account* account = knownAccount(entry);
    if (!account) continue;
    // After so long the number may be another process's.
    if (now.nowNs - account->seenNs > kKeptNs)
      account->gone = true;
    else
      take(*account, entry);
  }
  for (Account& one : all_) one.gone = one.gone || (now.complete && !one.present);
  // New ones last: they may take the room of those that are not there any more.
  for (const shm::ProcessEntry& entry : now.listed) {
    Account* account = knownAccount(entry);
    if (!account) account = newAccount(entry, now.nowNs);
    if (account) take(*account, entry);
  }
}

ProcessAccounts::Account* ProcessAccounts::knownAccount(const shm::ProcessEntry& entry) {
  for (Account& one : all_)
    if (!one.gone && one.figures.pid == entry.pid && one.figures.gpu_instance == entry.gpu_instance &&
        one.figures.compute_instance == entry.compute_instance)
      return &one;
  return nullptr;
}

/// Null only for more processes than a GPU's list is read for.
ProcessAccounts::Account* ProcessAccounts::newAccount(const shm::ProcessEntry& entry, std::int64_t nowNs) {
  if (all_.size() >= shm::kMaxAccountsPerGpu) makeRoom();
  if (all_.size() >= shm::kMaxAccountsPerGpu) return nullptr;
  Account account;
  account.figures.pid = entry.pid;
  account.figures.gpu_instance = entry.gpu_instance;
  account.figures.compute_instance = entry.compute_instance;
  account.figures.since_monotonic_ns = nowNs;
  account.bytes = kUnknownBytes;
  return &all_.emplace_back(account);
}

/// Forgets who has not been seen for the longest time; of those that may still be there only when nobody else is left.
void ProcessAccounts::makeRoom() {
  const auto oldest = std::min_element(all_.begin(), all_.end(), [](const Account& a, const Account& b) {
    return std::tuple(a.present, !a.gone, a.seenNs) < std::tuple(b.present, !b.gone, b.seenNs);
  });
  if (oldest != all_.end() && !oldest->present) all_.erase(oldest);
}

void ProcessAccounts::addTime(Account& account, const ProcessLook& now) {
  // Of one that came since the last look nobody knows how long it has been there.
  const std::int64_t gapNs = account.countedNs == 0 ? 0 : now.nowNs - account.countedNs;
  const std::int64_t spanNs = gapNs <= kLongestGapNs ? gapNs : 0;
  account.countedNs = now.nowNs;
  if (now.sampled) addBusy(account, now, spanNs);
  if (account.bytes == kUnknownBytes)
    account.figures.memory_unknown = 1;
  else
    account.figures.memory_byte_seconds +=
        static_cast<double>(account.bytes) * static_cast<double>(spanNs) * kSecondsPerNs;
}

/// A sample is the mean of the driver's last period. It stands for the time since the one before it, but after a pause,
/// in which a process that does nothing has none, for no more than that period can have been.
void ProcessAccounts::addBusy(Account& account, const ProcessLook& now, std::int64_t spanNs) {
  const auto use =
      std::find_if(now.uses.begin(), now.uses.end(), [&](const auto& one) { return one.pid == account.figures.pid; });
  // What cannot be was sampled, or MPS is at work, of whose server and clients the driver does not sample all.
  const bool known = use != now.uses.end() ? use->sm_ratio >= 0 : account.sampledUs != 0 || !mps_;
  if (!known) return;
  shm::ProcessAccount& figures = account.figures;
  figures.observed_ns += static_cast<std::uint64_t>(spanNs);
  if (use == now.uses.end() || use->sampled_us == account.sampledUs) return;
  const std::int64_t sinceNs = static_cast<std::int64_t>(use->sampled_us - account.sampledUs) * kNsPerUs;
  account.sampledUs = use->sampled_us;
  // Nothing before the first look, nor across a step of the wall clock back.
  if (spanNs == 0 || sinceNs < 0) return;
  const std::int64_t standsNs = std::min(sinceNs, std::max(spanNs, kSampleStandsNs));
  const auto wantedNs = static_cast<std::uint64_t>(use->sm_ratio * static_cast<double>(standsNs));
  const std::uint64_t busyNs = std::min(wantedNs, figures.observed_ns - figures.busy_ns);
  account.gainedNs += busyNs;
  figures.busy_ns += busyNs;
}

/// Shares out what the counter grew by since it was read last, by busy time: what the GPU took while nobody had kernels
/// on it is nobody's. A reading that failed is made up for by the next, unless that comes too late.
void ProcessAccounts::takeEnergy(const ProcessLook& now) {
  const std::int64_t spanNs = energyJoules_ ? now.nowNs - energyNs_ : 0;
  if (!now.energyJoules && spanNs <= kLongestGapNs) return;
  double gained = 0;
  for (const Account& one : all_) gained += static_cast<double>(one.gainedNs);
  // A counter that fell has begun anew: what it grew by is not known.
  if (now.energyJoules && energyJoules_ && spanNs > 0 && spanNs <= kLongestGapNs &&
      *now.energyJoules > *energyJoules_) {
    const double perNs = (*now.energyJoules - *energyJoules_) / std::max(gained, static_cast<double>(spanNs));
    for (Account& one : all_) one.figures.energy_joules += perNs * static_cast<double>(one.gainedNs);
  }
  for (Account& one : all_) one.gainedNs = 0;
  energyJoules_ = now.energyJoules;
  energyNs_ = now.nowNs;
}

void ProcessAccounts::publish(std::int64_t nowNs) {
  std::erase_if(all_, [&](const Account& one) { return one.gone && nowNs - one.seenNs > kKeptNs; });
  accounts_.clear();
  for (Account& one : all_) {
    // Who is only missing in a list that failed is not known to have gone.
    one.figures.present_monotonic_ns = one.gone ? one.seenNs : nowNs;
    accounts_.push_back(one.figures);
  }
}

}  // namespace gna::nvml
