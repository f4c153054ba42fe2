#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "check.h"
#include "core/hami/usage_file.h"
#include "hami_example.h"
#include "temporary_tree.h"

using namespace gna::hami;
using gna::test::exampleRegion;
using gna::test::GeneratedRegion;
using gna::test::generatedUuid;
using gna::test::Generation;
using gna::test::kExampleUnits;
using gna::test::kGenerations;
using gna::test::nameOf;
using gna::test::TemporaryTree;
using gna::test::writeRegion;

namespace {

struct ReadFile {
  ReadOutcome outcome;
  FileUsage usage;
};

ReadFile readIn(const TemporaryTree& tree, const char* name = "x.cache") {
  static Scratch scratch;
  ReadFile result;
  const OwnedFd directory(open(tree.path().c_str(), O_PATH | O_DIRECTORY));
  result.outcome = read(directory.get(), name, scratch, result.usage);
  return result;
}

ReadFile readRegion(const GeneratedRegion& region) {
  const TemporaryTree tree;
  writeRegion(tree / "x.cache", region);
  return readIn(tree);
}

constexpr std::uint64_t kWrapped = ~std::uint64_t{0} - 999;  // −1000

}  // namespace

TEST("all five layouts give the same sums") {
  for (const Generation g : kGenerations) {
    const auto [outcome, usage] = readRegion(exampleRegion(g));
    std::printf("# %s\n", nameOf(g).c_str());
    REQUIRE(outcome.ok());
    CHECK_EQ(layoutById(static_cast<std::uint32_t>(usage.layout))->name, nameOf(g));
    CHECK_EQ(usage.flags, 0);
    CHECK_EQ(usage.slotsTotal, 4);
    CHECK_EQ(usage.slotsCounted, 3);
    CHECK_EQ(usage.slotsUnstable, 0);
    CHECK_EQ(usage.priority, 7);
    CHECK_EQ(usage.recentKernel, -1);
    CHECK_EQ(usage.utilizationSwitch, 0);
    REQUIRE(usage.devices.size() == 2);
    for (std::size_t d = 0; d < 2; ++d) {
      const DeviceUsage& device = usage.devices[d];
      const std::uint64_t unit = kExampleUnits * (d == 0 ? 1'000'000 : 70'000'000);
      CHECK_EQ(device.index, d);
      CHECK_EQ(device.uuidText(), generatedUuid(d == 0 ? 0xa1 : 0xb2));
      CHECK_EQ(device.contextBytes, unit * 3);
      CHECK_EQ(device.moduleBytes, unit * 5);
      CHECK_EQ(device.bufferBytes, unit * 7);
      CHECK_EQ(device.usedBytes, unit * 17);
      CHECK_EQ(device.restBytes(), unit * 2);
      CHECK_EQ(device.driverReportedBytes, unit * 19);
      CHECK_EQ(device.limitBytes, d == 0 ? 8'000'000'000u : 16'000'000'000u);
      CHECK_EQ(device.smLimitPercent, d == 0 ? 30 : 60);
      CHECK(device.memoryLimited() && device.smLimited() && device.plausible());
      CHECK_EQ(device.flags, 0);
    }
  }
}

TEST("what a layout lacks is absent, not zero") {
  for (const Generation g : kGenerations) {
    const auto [outcome, usage] = readRegion(exampleRegion(g));
    REQUIRE(outcome.ok() && usage.devices.size() == 2 && !usage.cells.empty());
    const bool hasUtilization = g != Generation::preV0, hasLastKernel = g >= Generation::v1_1;
    CHECK_EQ(usage.devices[0].smUtilPercent.has_value(), hasUtilization);
    CHECK_EQ(usage.cells[0].smUtilPercent.has_value(), hasUtilization);
    CHECK_EQ(usage.lastKernelUnixSeconds.has_value(), hasLastKernel);
    if (hasUtilization) CHECK_EQ(usage.devices[0].smUtilPercent, 2 + 8 + 11);
    if (hasUtilization) CHECK_EQ(usage.devices[1].smUtilPercent, 3 + 9 + 12);
    if (hasLastKernel) CHECK_EQ(usage.lastKernelUnixSeconds, 1'795'301'829);
  }
  GeneratedRegion never = exampleRegion(Generation::v1_2);
  never.lastKernelTime = 0;
  CHECK(!readRegion(never).usage.lastKernelUnixSeconds);
}

TEST("processes are listed one by one with their share of each device") {
  const auto [outcome, usage] = readRegion(exampleRegion(Generation::v1_2));
  REQUIRE(outcome.ok() && usage.processes.size() == 3 && usage.cells.size() == 6);
  CHECK_EQ(usage.processes[0].pid, 40);
  CHECK(usage.processes[0].hostPid == 9000);
  CHECK_EQ(usage.processes[1].pid, 42);
  CHECK(!usage.processes[1].hostPid);
  CHECK_EQ(usage.processes[1].status, 2);
  const ProcessUsage& last = usage.processes[2];
  CHECK_EQ(last.cellCount, 2);
  const ProcessCell& cell = usage.cells[last.firstCell + 1];
  CHECK_EQ(cell.deviceIndex, 1);
  CHECK_EQ(cell.usedBytes, 4ull * 17 * 70'000'000);
  CHECK_EQ(cell.driverReportedBytes, 4ull * 19 * 70'000'000);
  CHECK_EQ(cell.smUtilPercent, 12);
}

TEST("a full table is summed whole, the list of processes is bounded") {
  GeneratedRegion region = exampleRegion(Generation::v1_2);
  const auto process = region.processes[0];
  region.processes.assign(kMaxSlots, process);
  const auto [outcome, usage] = readRegion(region);
  REQUIRE(outcome.ok() && usage.devices.size() == 2);
  CHECK_EQ(usage.slotsCounted, kMaxSlots);
  CHECK_EQ(usage.devices[0].usedBytes, kMaxSlots * 17'000'000ull);
  CHECK_EQ(usage.processes.size(), kMaxListedProcesses);
  CHECK((usage.flags & kProcessListShortened) != 0);
}

TEST("the number of listed pairs is bounded too, and no process is listed by half") {
  GeneratedRegion region = exampleRegion(Generation::v0);
  region.deviceNum = 16;
  auto process = region.processes[0];
  for (std::size_t d = 0; d < 16; ++d) {
    region.uuids[d] = generatedUuid(d + 1);
    process.devices[d].total = d + 1;
  }
  region.processes.assign(40, process);
  const auto [outcome, usage] = readRegion(region);
  REQUIRE(outcome.ok());
  CHECK_EQ(usage.devices.size(), 16);
  CHECK_EQ(usage.cells.size(), kMaxListedCells);
  CHECK_EQ(usage.processes.size(), kMaxListedCells / 16);
  for (const ProcessUsage& p : usage.processes) CHECK_EQ(p.cellCount, 16);
  CHECK_EQ(usage.devices[15].usedBytes, 40 * 16);
}

TEST("counts outside their range are clamped and flagged") {
  GeneratedRegion region = exampleRegion(Generation::v1_1);
  region.deviceNum = ~std::uint64_t{0};
  region.procNum = 2'000'000'000;
  auto [outcome, usage] = readRegion(region);
  REQUIRE(outcome.ok());
  CHECK((usage.flags & kCountsClamped) != 0);
  CHECK_EQ(usage.slotsTotal, kMaxSlots);
  CHECK_EQ(usage.slotsCounted, 3);
  CHECK_EQ(usage.devices.size(), 2);  // the other fourteen entries are not in use

  region.deviceNum = 2;
  region.procNum = -1;
  const auto negative = readRegion(region);
  REQUIRE(negative.outcome.ok() && negative.usage.devices.size() == 2);
  CHECK((negative.usage.flags & kCountsClamped) != 0);
  CHECK_EQ(negative.usage.slotsTotal, 0);
  CHECK_EQ(negative.usage.devices[0].usedBytes, 0);
}

TEST("slots at and above proc_num are stale and not counted") {
  GeneratedRegion region = exampleRegion(Generation::v1_2);
  region.procNum = 1;
  const auto [outcome, usage] = readRegion(region);
  REQUIRE(outcome.ok() && usage.devices.size() == 2);
  CHECK_EQ(usage.slotsCounted, 1);
  CHECK_EQ(usage.devices[0].usedBytes, 17'000'000);
}

TEST("a counter that fell below zero is summed modulo 2^64 and flagged") {
  GeneratedRegion region = exampleRegion(Generation::v1_2);
  region.processes.resize(1);
  region.processes[0].devices[0].total = kWrapped;
  const auto alone = readRegion(region);
  REQUIRE(alone.outcome.ok() && alone.usage.devices.size() == 2);
  CHECK_EQ(alone.usage.devices[0].usedBytes, kWrapped);
  CHECK(!alone.usage.devices[0].plausible());
  CHECK((alone.usage.devices[0].flags & kProcessImplausible) != 0);
  CHECK(alone.usage.devices[1].plausible());

  // A second process with more than the missing bytes: the sum looks right, the flag says that a part was not.
  region.processes.push_back(region.processes[0]);
  region.processes[1].devices[0].total = 5000;
  const auto both = readRegion(region);
  REQUIRE(both.outcome.ok());
  CHECK_EQ(both.usage.devices[0].usedBytes, 4000);
  CHECK(both.usage.devices[0].plausible());
  CHECK((both.usage.devices[0].flags & kProcessImplausible) != 0);
}

TEST("each implausible claim has its own flag") {
  GeneratedRegion region = exampleRegion(Generation::v1_2);
  region.limit[0] = kWrapped;
  region.processes[0].devices[0].smUtil = 101;
  region.processes[0].devices[1].monitorUsed = kWrapped - (std::uint64_t{1} << 40);
  region.processes[0].devices[1].context = kWrapped - (std::uint64_t{1} << 40);
  const auto [outcome, usage] = readRegion(region);
  REQUIRE(outcome.ok() && usage.devices.size() == 2);
  CHECK_EQ(usage.devices[0].flags, kLimitImplausible | kUtilizationImplausible);
  CHECK_EQ(usage.devices[1].flags, kUsageImplausible | kDriverReportedImplausible | kProcessImplausible);
}

TEST("limits of zero and SM limits of 0 or 100 and above mean unlimited") {
  GeneratedRegion region = exampleRegion(Generation::v1_2);
  region.limit = {0, 1};
  region.smLimit = {100, 0};
  const auto [outcome, usage] = readRegion(region);
  REQUIRE(outcome.ok() && usage.devices.size() == 2);
  CHECK(!usage.devices[0].memoryLimited());
  CHECK(usage.devices[1].memoryLimited());
  CHECK(!usage.devices[0].smLimited());
  CHECK(!usage.devices[1].smLimited());
}

TEST("devices without a proper UUID are dropped and counted, unused entries are not counted") {
  GeneratedRegion region = exampleRegion(Generation::v1_2);
  region.deviceNum = 6;
  region.uuids[0] = "GPU-0f9b6c1e-3d55-4a8e-8b1f-6c7d8e9fa0\nb";
  region.uuids[2] = "GPU-short";
  region.uuids[3] = generatedUuid(3) + "trailing";
  region.uuids[4] = std::string(96, '\xff');
  const auto [outcome, usage] = readRegion(region);
  REQUIRE(outcome.ok() && usage.devices.size() == 1);
  CHECK_EQ(usage.devices[0].index, 1);
  CHECK_EQ(usage.devices[0].usedBytes, 8ull * 17 * 70'000'000);
  CHECK_EQ(usage.devicesDropped, 4);
}

TEST("an unknown 1.x is read as 1.2 when its counts make sense, and flagged") {
  GeneratedRegion region = exampleRegion(Generation::v1_2);
  region.minor = 3;
  const auto [outcome, usage] = readRegion(region);
  REQUIRE(outcome.ok() && usage.devices.size() == 2);
  CHECK((usage.flags & kLayoutAssumed) != 0);
  CHECK_EQ(usage.devices[0].usedBytes, 8 * 17'000'000);
  region.deviceNum = 17;
  CHECK_EQ(readRegion(region).outcome.refusal, Refusal::implausibleCounts);
  region.deviceNum = 2;
  region.procNum = -1;
  CHECK_EQ(readRegion(region).outcome.refusal, Refusal::implausibleCounts);
  region.procNum = 1;
  region.uuids[1] = "not a UUID";
  CHECK_EQ(readRegion(region).outcome.refusal, Refusal::implausibleCounts);
}

TEST("a sequence counter left odd by a killed writer is tried a few times, then taken as is") {
  for (const Generation g : {Generation::v1_1Shifted, Generation::v1_2}) {
    GeneratedRegion region = exampleRegion(g);
    region.processes[3].seqlock = 13;
    const auto [outcome, usage] = readRegion(region);
    REQUIRE(outcome.ok() && usage.devices.size() == 2);
    CHECK_EQ(usage.slotsUnstable, 1);
    CHECK_EQ(usage.devices[0].usedBytes, 8 * 17'000'000);
  }
}

TEST("a held region lock is said") {
  GeneratedRegion region = exampleRegion(Generation::v1_2);
  region.ownerPid = 45;
  CHECK_EQ(readRegion(region).usage.flags, kTableLocked);
}

TEST("reading changes neither content nor access time") {
  const TemporaryTree tree;
  writeRegion(tree / "x.cache", exampleRegion(Generation::v1_2));
  const timespec old[2] = {{1000, 0}, {2000, 0}};
  REQUIRE(utimensat(AT_FDCWD, (tree / "x.cache").c_str(), old, 0) == 0);
  REQUIRE(readIn(tree).outcome.ok());
  struct stat st {};
  REQUIRE(stat((tree / "x.cache").c_str(), &st) == 0);
  CHECK_EQ(st.st_atim.tv_sec, 1000);
  CHECK_EQ(st.st_mtim.tv_sec, 2000);
}

TEST("buffers are reused: a second, smaller file leaves nothing of the first") {
  const TemporaryTree tree;
  writeRegion(tree / "x.cache", exampleRegion(Generation::v1_2));
  GeneratedRegion small = exampleRegion(Generation::preV0);
  small.deviceNum = 1;
  small.processes.resize(1);
  writeRegion(tree / "y.cache", small);
  const OwnedFd directory(open(tree.path().c_str(), O_PATH | O_DIRECTORY));
  Scratch scratch;
  FileUsage usage;
  REQUIRE(read(directory.get(), "x.cache", scratch, usage).ok());
  const auto* memory = usage.devices.data();
  REQUIRE(read(directory.get(), "y.cache", scratch, usage).ok());
  CHECK_EQ(usage.devices.size(), 1);
  CHECK(usage.devices.data() == memory);
  CHECK_EQ(usage.processes.size(), 1);
  CHECK(!usage.lastKernelUnixSeconds);
  CHECK(!usage.devices[0].smUtilPercent);
}

TEST_MAIN("hami usage file")
