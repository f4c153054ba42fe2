#pragma once
// What each process used of a GPU, added up over time: kernels, memory, and its part of the energy. All of it comes
// from what a cycle reads anyway; no call is made for it.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/shm/records.h"

namespace gna::nvml {

/// One look at a GPU's processes.
struct ProcessLook {
  std::span<const shm::ProcessEntry> listed;
  bool complete = false;  // false = a list could not be read or was cut off: who is missing is not known to have gone
  std::span<const shm::ProcessUse> uses;
  bool sampled = false;                // the driver was asked for samples of processes and answered
  std::optional<double> energyJoules;  // the GPU's counter
  std::int64_t nowNs = 0;              // CLOCK_MONOTONIC
};

/// Accounts of one GPU. Each begins at 0 when its process is first seen, and stays for a while after it is gone, so
/// that whoever looks more slowly finds its last figures.
class ProcessAccounts {
 public:
  /// Between two looks further apart than this nobody knows what was: the time is not counted.
  static constexpr std::int64_t kLongestGapNs = 30'000'000'000;
  /// The driver samples processes once a second at the slowest: a sample stands for no more time than this, unless it
  /// is asked for less often.
  static constexpr std::int64_t kSampleStandsNs = 1'000'000'000;
  static constexpr std::int64_t kKeptNs = 60'000'000'000;

  /// Counts, for every process that is there, the time since it was seen last.
  void look(const ProcessLook& now);

  /// Nothing is known from here to the next look.
  void pause();

  /// Those that run, and those that ended not long ago.
  const std::vector<shm::ProcessAccount>& accounts() const { return accounts_; }

 private:
  struct Account {
    shm::ProcessAccount figures;
    std::int64_t seenNs = 0;      // in a list for the last time
    std::int64_t countedNs = 0;   // from here its time is not counted yet; 0 = nothing is known since then
    std::uint64_t sampledUs = 0;  // stamp of the sample that was counted last, 0 = it never had one
    std::uint64_t gainedNs = 0;   // busy time since the energy counter was read
    std::uint64_t bytes = 0;      // device memory at this look, ~0 = not known
    bool present = false;
    bool gone = false;  // whoever comes with its number is another process
  };

  Account* knownAccount(const shm::ProcessEntry& entry);
  Account* newAccount(const shm::ProcessEntry& entry, std::int64_t nowNs);
  void makeRoom();
  void takeList(const ProcessLook& now);
  void addTime(Account& account, const ProcessLook& now);
  void addBusy(Account& account, const ProcessLook& now, std::int64_t spanNs);
  void takeEnergy(const ProcessLook& now);
  void publish(std::int64_t nowNs);

  std::vector<Account> all_;
  std::vector<shm::ProcessAccount> accounts_;
  bool mps_ = false;                    // clients of MPS are there
  std::optional<double> energyJoules_;  // the counter when it was read last
  std::int64_t energyNs_ = 0;           // when that was
};

}  // namespace gna::nvml
