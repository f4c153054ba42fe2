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
  bool listsRead = false;  // false = the lists could not be read: nobody is known to have gone
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

  /// Counts the time since the look before for every process that was and is there.
  void look(const ProcessLook& now);

  /// Nothing is known from here to the next look.
  void pause() { lookedNs_ = 0; }

  /// Those that run, and those that ended not long ago.
  const std::vector<shm::ProcessAccount>& accounts() const { return accounts_; }

 private:
  struct Account {
    shm::ProcessAccount figures;
    std::uint64_t sampledUs = 0;  // stamp of the sample that was counted last
    std::uint64_t gainedNs = 0;   // busy time of this look
    std::uint64_t bytes = 0;      // device memory at this look, ~0 = not known
    bool present = false;
    bool gone = false;    // whoever comes with its number is another process
    bool client = false;  // of MPS: the driver samples its server alone
  };

  Account* accountOf(const shm::ProcessEntry& entry, std::int64_t nowNs);
  void takeList(const ProcessLook& now);
  void addBusy(Account& account, const ProcessLook& now, std::int64_t spanNs);
  void addEnergy(double joules, std::int64_t spanNs);
  void publish(std::int64_t nowNs);

  std::vector<Account> all_;
  std::vector<shm::ProcessAccount> accounts_;
  std::int64_t lookedNs_ = 0;  // 0 = not yet, or not known since
  std::optional<double> energyJoules_;
};

}  // namespace gna::nvml
