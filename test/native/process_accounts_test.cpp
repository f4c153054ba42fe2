// What processes used of a GPU, from one look at it to the next.

#include <vector>

#include "check.h"
#include "core/nvml/process_accounts.h"

using gna::nvml::ProcessAccounts;
using gna::nvml::ProcessLook;
using gna::shm::ProcessAccount;
using gna::shm::ProcessEntry;
using gna::shm::ProcessType;
using gna::shm::ProcessUse;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kUnknown = ~std::uint64_t{0};

ProcessEntry entry(std::uint32_t pid, std::uint64_t bytes, ProcessType type = ProcessType::compute) {
  ProcessEntry e;
  e.pid = pid;
  e.type = type;
  e.used_memory_bytes = bytes;
  return e;
}

ProcessUse use(std::uint32_t pid, std::int64_t atSecond, double ratio) {
  ProcessUse u;
  u.pid = pid;
  u.sampled_us = static_cast<std::uint64_t>(atSecond) * 1'000'000;
  u.sm_ratio = ratio;
  return u;
}

struct Node {
  ProcessAccounts accounts;
  bool complete = true;

  void look(std::int64_t second, const std::vector<ProcessEntry>& listed, const std::vector<ProcessUse>& uses = {},
            std::optional<double> joules = std::nullopt, bool sampled = true) {
    ProcessLook now;
    now.listed = listed;
    now.complete = complete;
    now.uses = uses;
    now.sampled = sampled;
    now.energyJoules = joules;
    now.nowNs = second * kSecond;
    accounts.look(now);
  }

  ProcessAccount of(std::uint32_t pid) const {
    ProcessAccount newest;
    for (const ProcessAccount& one : accounts.accounts())
      if (one.pid == pid) newest = one;
    return newest;
  }
};

}  // namespace

TEST("a process begins with nothing, and then counts what passes between two looks") {
  Node node;
  node.look(10, {entry(7, 100)}, {use(7, 10, 0.5)});
  CHECK_EQ(node.of(7).busy_ns, 0u);
  node.look(11, {entry(7, 100)}, {use(7, 11, 0.5)});
  CHECK_EQ(node.of(7).busy_ns, 500'000'000u);
  CHECK_EQ(node.of(7).observed_ns, 1'000'000'000u);
  CHECK_EQ(node.of(7).memory_byte_seconds, 100.0);
}

TEST("without a new sample a process did nothing, and that was observed") {
  Node node;
  node.look(10, {entry(7, 100)}, {use(7, 10, 1)});
  // The last sample stands in the list for a while: it is not counted twice.
  for (std::int64_t s = 11; s <= 14; ++s) node.look(s, {entry(7, 100)}, {use(7, 10, 1)});
  CHECK_EQ(node.of(7).busy_ns, 0u);
  CHECK_EQ(node.of(7).observed_ns, 4'000'000'000u);
  // After the pause it stands for no more than the driver's period.
  node.look(15, {entry(7, 100)}, {use(7, 15, 1)});
  CHECK_EQ(node.of(7).busy_ns, 1'000'000'000u);
}

TEST("a gap that nobody looked into is not counted") {
  Node node;
  node.look(10, {entry(7, 100)}, {use(7, 10, 1)});
  node.look(60, {entry(7, 100)}, {use(7, 60, 1)});
  CHECK_EQ(node.of(7).observed_ns, 0u);
  CHECK_EQ(node.of(7).memory_byte_seconds, 0.0);
  node.accounts.pause();
  node.look(61, {entry(7, 100)}, {use(7, 61, 1)});
  CHECK_EQ(node.of(7).observed_ns, 0u);
}

TEST("where processes are not sampled, only memory counts") {
  Node node;
  node.look(10, {entry(7, 100)}, {}, 1000, false);
  node.look(11, {entry(7, 100)}, {}, 1200, false);
  CHECK_EQ(node.of(7).observed_ns, 0u);
  CHECK_EQ(node.of(7).energy_joules, 0.0);
  CHECK_EQ(node.of(7).memory_byte_seconds, 100.0);
}

TEST("of clients of MPS nothing is observed as long as the driver samples their server alone") {
  Node node;
  const std::vector<ProcessEntry> listed = {entry(7, 100, ProcessType::mps), entry(8, 10)};
  node.look(10, listed, {use(8, 10, 0.5)});
  node.look(11, listed, {use(8, 11, 0.5)});
  CHECK_EQ(node.of(7).observed_ns, 0u);
  CHECK_EQ(node.of(8).observed_ns, 1'000'000'000u);
}

TEST("energy is shared out by busy time, and never more of it than there was") {
  Node node;
  const std::vector<ProcessEntry> listed = {entry(7, 1), entry(8, 1)};
  node.look(10, listed, {use(7, 10, 0), use(8, 10, 0)}, 1000);
  node.look(11, listed, {use(7, 11, 0.5), use(8, 11, 0.25)}, 1200);
  CHECK_EQ(node.of(7).energy_joules, 100.0);
  CHECK_EQ(node.of(8).energy_joules, 50.0);
  // Samples that add up to more than the time there was share all of it.
  node.look(12, listed, {use(7, 12, 1), use(8, 12, 1)}, 1400);
  CHECK_EQ(node.of(7).energy_joules, 200.0);
  CHECK_EQ(node.of(8).energy_joules, 150.0);
  // A counter that begins anew tells nothing of the time before.
  node.look(13, listed, {use(7, 13, 1), use(8, 13, 1)}, 5);
  CHECK_EQ(node.of(7).energy_joules, 200.0);
}

TEST("one process in two lists is counted once, with the memory that both tell") {
  Node node;
  const std::vector<ProcessEntry> listed = {entry(7, 100), entry(7, 100, ProcessType::graphics)};
  node.look(10, listed);
  node.look(12, listed);
  CHECK_EQ(node.accounts.accounts().size(), 1u);
  CHECK_EQ(node.of(7).memory_byte_seconds, 200.0);
}

TEST("a process of which the driver does not know the memory is marked") {
  Node node;
  node.look(10, {entry(7, 100)});
  CHECK_EQ(node.of(7).memory_unknown, 0u);
  node.look(11, {entry(7, kUnknown)});
  CHECK_EQ(node.of(7).memory_unknown, 1u);
}

TEST("an ended process keeps its figures for a minute, and its number begins anew") {
  Node node;
  node.look(10, {entry(7, 100)});
  node.look(11, {entry(7, 100)});
  node.look(12, {});
  CHECK_EQ(node.of(7).memory_byte_seconds, 100.0);
  node.look(13, {entry(7, 50)});
  CHECK_EQ(node.accounts.accounts().size(), 2u);
  CHECK_EQ(node.of(7).memory_byte_seconds, 0.0);
  node.look(70, {entry(7, 50)});
  node.look(72, {entry(7, 50)});
  CHECK_EQ(node.accounts.accounts().size(), 1u);
}

TEST("while a list cannot be read nobody has ended, and those who are listed are counted") {
  Node node;
  node.look(10, {entry(7, 100), entry(8, 10)});
  node.complete = false;
  node.look(11, {entry(7, 100)});
  CHECK_EQ(node.of(7).memory_byte_seconds, 100.0);
  CHECK_EQ(node.of(8).present_monotonic_ns, 11 * kSecond);
  CHECK_EQ(node.of(8).memory_byte_seconds, 0.0);
  node.complete = true;
  node.look(12, {entry(7, 100), entry(8, 10)});
  CHECK_EQ(node.accounts.accounts().size(), 2u);
  CHECK_EQ(node.of(8).memory_byte_seconds, 20.0);
}

TEST("who was in no list for a minute is another process, also when lists failed meanwhile") {
  Node node;
  node.look(10, {entry(7, 100)});
  node.look(11, {entry(7, 100)});
  node.complete = false;
  for (std::int64_t s = 12; s < 80; ++s) node.look(s, {});
  CHECK_EQ(node.of(7).present_monotonic_ns, 79 * kSecond);
  node.look(80, {entry(7, 100)});
  CHECK_EQ(node.accounts.accounts().size(), 1u);
  CHECK_EQ(node.of(7).since_monotonic_ns, 80 * kSecond);
}

TEST("of an MPS server without samples nothing is observed, and of one that has had some, that it was idle") {
  Node node;
  const std::vector<ProcessEntry> listed = {entry(7, 100, ProcessType::mps), entry(8, 10)};
  for (std::int64_t s = 10; s <= 12; ++s) node.look(s, listed, {use(7, s, 0.5)});
  CHECK_EQ(node.of(7).observed_ns, 2'000'000'000u);
  CHECK_EQ(node.of(8).observed_ns, 0u);
  for (std::int64_t s = 13; s <= 14; ++s) node.look(s, listed, {use(8, s, 0.5)});
  CHECK_EQ(node.of(7).observed_ns, 4'000'000'000u);
  CHECK_EQ(node.of(8).observed_ns, 2'000'000'000u);
}

TEST("a sample that cannot be is no time of doing nothing") {
  Node node;
  node.look(10, {entry(7, 100)}, {use(7, 10, 0.5)});
  node.look(11, {entry(7, 100)}, {use(7, 11, -1)});
  CHECK_EQ(node.of(7).observed_ns, 0u);
  CHECK_EQ(node.of(7).busy_ns, 0u);
}

TEST("who comes when all accounts are taken has that of the one that ended first") {
  Node node;
  std::vector<ProcessEntry> listed;
  for (std::uint32_t pid = 1; pid <= gna::shm::kMaxAccountsPerGpu; ++pid) {
    const std::int64_t second = 10 + pid / 256;
    if (pid % 256 == 0) listed.clear();
    listed.push_back(entry(pid, 1));
    node.look(second, listed);
  }
  CHECK_EQ(node.accounts.accounts().size(), std::size_t{gna::shm::kMaxAccountsPerGpu});
  listed = {entry(9000, 1), entry(9001, 1)};
  node.look(20, listed);
  node.look(21, listed);
  CHECK_EQ(node.accounts.accounts().size(), std::size_t{gna::shm::kMaxAccountsPerGpu});
  CHECK_EQ(node.of(9000).memory_byte_seconds, 1.0);
  CHECK_EQ(node.of(9001).memory_byte_seconds, 1.0);
  CHECK_EQ(node.of(1).pid, 0u);
  CHECK_EQ(node.of(gna::shm::kMaxAccountsPerGpu).pid, gna::shm::kMaxAccountsPerGpu);
}

TEST("energy of a look at which the counter could not be read is shared out at the next") {
  Node node;
  const std::vector<ProcessEntry> listed = {entry(7, 1), entry(8, 1)};
  node.look(10, listed, {use(7, 10, 0), use(8, 10, 0)}, 1000);
  node.look(11, listed, {use(7, 11, 0.5), use(8, 11, 0)});
  node.look(12, listed, {use(7, 12, 0.5), use(8, 12, 0.25)}, 1400);
  CHECK_EQ(node.of(7).energy_joules, 200.0);
  CHECK_EQ(node.of(8).energy_joules, 50.0);
  // Too late: nobody knows any more what it was used for.
  for (std::int64_t s = 13; s <= 43; ++s) node.look(s, listed, {use(7, s, 0.5), use(8, s, 0)});
  node.look(44, listed, {use(7, 44, 0.5), use(8, 44, 0)}, 9000);
  CHECK_EQ(node.of(7).energy_joules, 200.0);
}

TEST_MAIN("process accounts")
