#include <algorithm>
#include <cstring>
#include <vector>

#include "check.h"
#include "core/hami/encoding.h"
#include "hami_example.h"
#include "temporary_tree.h"

using namespace gna::hami;
using gna::test::exampleRegion;
using gna::test::GeneratedRegion;
using gna::test::Generation;
using gna::test::kGenerations;
using gna::test::TemporaryTree;
using gna::test::writeRegion;

namespace {

// Five readable files of all layouts, one refused name, one container without a file, one missing root.
struct Node {
  TemporaryTree tree;
  Sweeper sweeper{{tree / "r", tree / "missing"}};

  explicit Node(const std::vector<GeneratedRegion>& regions = allLayouts()) {
    for (std::size_t i = 0; i < regions.size(); ++i) {
      writeRegion(tree.makeDirectory("r/uid" + std::to_string(i) + "_main") + "/u.cache", regions[i]);
    }
    tree.makeDirectory("r/uid8_waiting");
    tree.makeDirectory("r/uid9_bad\nname");
    sweeper.sweep(1'000'000'000);
    sweeper.sample(1'200'000'000);
  }

  static std::vector<GeneratedRegion> allLayouts() {
    std::vector<GeneratedRegion> regions;
    regions.reserve(std::size(kGenerations));
    for (const Generation g : kGenerations) regions.push_back(exampleRegion(g));
    return regions;
  }
};

std::vector<std::uint64_t> encoded(const Node& node, std::size_t room = 4096) {
  std::vector<std::uint64_t> words(room);
  words.resize(encode(node.sweeper.view(), words));
  return words;
}

void checkSameFile(const FileUsage& a, const FileUsage& b) {
  CHECK(a.layout == b.layout);
  CHECK_EQ(a.flags, b.flags);
  CHECK_EQ(a.priority, b.priority);
  CHECK_EQ(a.recentKernel, b.recentKernel);
  CHECK_EQ(a.utilizationSwitch, b.utilizationSwitch);
  CHECK_EQ(a.lastKernelUnixSeconds, b.lastKernelUnixSeconds);
  CHECK_EQ(a.slotsTotal, b.slotsTotal);
  CHECK_EQ(a.slotsCounted, b.slotsCounted);
  CHECK_EQ(a.slotsUnstable, b.slotsUnstable);
  CHECK_EQ(a.devicesDropped, b.devicesDropped);
  REQUIRE(a.devices.size() == b.devices.size());
  for (std::size_t i = 0; i < a.devices.size(); ++i) {
    const DeviceUsage &x = a.devices[i], &y = b.devices[i];
    CHECK_EQ(x.index, y.index);
    CHECK_EQ(x.flags, y.flags);
    CHECK_EQ(x.uuidText(), y.uuidText());
    CHECK_EQ(x.usedBytes, y.usedBytes);
    CHECK_EQ(x.contextBytes, y.contextBytes);
    CHECK_EQ(x.moduleBytes, y.moduleBytes);
    CHECK_EQ(x.bufferBytes, y.bufferBytes);
    CHECK_EQ(x.driverReportedBytes, y.driverReportedBytes);
    CHECK_EQ(x.limitBytes, y.limitBytes);
    CHECK_EQ(x.smLimitPercent, y.smLimitPercent);
    CHECK_EQ(x.smUtilPercent, y.smUtilPercent);
  }
  REQUIRE(a.processes.size() == b.processes.size() && a.cells.size() == b.cells.size());
  for (std::size_t i = 0; i < a.processes.size(); ++i) {
    CHECK_EQ(a.processes[i].pid, b.processes[i].pid);
    CHECK_EQ(a.processes[i].hostPid, b.processes[i].hostPid);
    CHECK_EQ(a.processes[i].status, b.processes[i].status);
    CHECK_EQ(a.processes[i].firstCell, b.processes[i].firstCell);
    CHECK_EQ(a.processes[i].cellCount, b.processes[i].cellCount);
  }
  for (std::size_t i = 0; i < a.cells.size(); ++i) {
    CHECK_EQ(a.cells[i].deviceIndex, b.cells[i].deviceIndex);
    CHECK_EQ(a.cells[i].usedBytes, b.cells[i].usedBytes);
    CHECK_EQ(a.cells[i].driverReportedBytes, b.cells[i].driverReportedBytes);
    CHECK_EQ(a.cells[i].smUtilPercent, b.cells[i].smUtilPercent);
  }
}

}  // namespace

TEST("what was encoded is decoded, field by field, for every layout and refusal") {
  const Node node;
  const SweepView view = node.sweeper.view();
  DecodedSweep out;
  const char* wrong = decode(encoded(node), out);
  REQUIRE(wrong == nullptr);
  CHECK(!out.truncated());
  CHECK_EQ(encoded(node).size(), wordsWanted(view));
  CHECK_EQ(out.sweptNs, 1'000'000'000);
  CHECK_EQ(out.sampledNs, 1'200'000'000);
  CHECK_EQ(out.sweeps, 1);
  CHECK(out.refusals == view.refusals);
  REQUIRE(out.roots.size() == 2 && out.containers.size() == 7);
  CHECK(out.roots[0].condition == RootCondition::readable);
  CHECK_EQ(out.roots[0].containers, 7);
  CHECK(out.roots[1].condition == RootCondition::missing);
  for (std::size_t i = 0; i < out.containers.size(); ++i) {
    const ContainerUsage &a = out.containers[i], &b = *view.containers[i];
    CHECK_EQ(a.root, b.root);
    CHECK_EQ(a.podUid, b.podUid);
    CHECK_EQ(a.container, b.container);
    CHECK_EQ(a.refusal, b.refusal);
    CHECK_EQ(a.errorNumber, b.errorNumber);
    CHECK_EQ(a.lookedNs, b.lookedNs);
    CHECK_EQ(a.windowSpanNs, b.windowSpanNs);
    checkSameFile(a.usage, b.usage);
  }
}

TEST("extreme values survive the way, also where absent has a code of its own") {
  GeneratedRegion region = exampleRegion(Generation::v1_2);
  region.priority = -2'147'483'648;
  region.processes[0].devices[0].smUtil = ~std::uint64_t{0};
  region.processes[0].pid = -1;
  region.processes.resize(1);
  const Node node({region});
  DecodedSweep out;
  REQUIRE(decode(encoded(node), out) == nullptr);
  const FileUsage& u = out.containers[0].usage;
  CHECK_EQ(u.priority, -2'147'483'648);
  CHECK_EQ(u.processes[0].pid, -1);
  REQUIRE(u.devices[0].smUtilPercent && u.cells[0].smUtilPercent);
  CHECK_EQ(u.devices[0].smUtilPercent, ~std::uint64_t{0} - 1);
  CHECK_EQ(u.cells[0].smUtilPercent, 0xfffffffeu);
}

TEST("too little room shortens the process lists of all alike before it drops a container") {
  GeneratedRegion many = exampleRegion(Generation::v1_2);
  const auto process = many.processes[0];
  many.processes.assign(64, process);
  const Node node({many, exampleRegion(Generation::v1_2), many});
  const std::size_t whole = encoded(node).size();
  bool shortened = false, dropped = false;
  for (std::size_t room = whole; room > 0; --room) {
    const std::vector<std::uint64_t> words = encoded(node, room);
    CHECK(words.size() <= room);
    if (words.empty()) break;
    DecodedSweep out;
    REQUIRE(decode(words, out) == nullptr);
    CHECK_EQ(out.containersKnown, 5);
    CHECK_EQ(out.truncated(), room < whole);
    if (out.containers.size() < 5) dropped = true;
    if (!dropped && room < whole) {
      shortened = true;
      CHECK(out.processesLeftOut > 0);
      CHECK(out.containers[1].usage.processes.size() <= 3);
    }
    if (dropped) {
      for (const ContainerUsage& c : out.containers) CHECK(c.usage.processes.empty());
    }
  }
  CHECK(shortened && dropped);
  CHECK_EQ(encoded(node, 12).size(), 0);
}

TEST("every shorter run of words is refused") {
  const std::vector<std::uint64_t> words = encoded(Node());
  for (std::size_t n = 0; n < words.size(); ++n) {
    DecodedSweep out;
    CHECK(decode(std::span(words).first(n), out) != nullptr);
    // Also when its own length agrees with what is there.
    std::vector<std::uint64_t> cut(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(n));
    if (n > 2) cut[2] = n;
    CHECK(decode(cut, out) != nullptr);
  }
}

TEST("words behind the run's own length are ignored") {
  std::vector<std::uint64_t> words = encoded(Node());
  words.insert(words.end(), 50, 0xdeadbeefdeadbeefull);
  DecodedSweep out;
  CHECK(decode(words, out) == nullptr);
}

TEST("another version, a foreign magic and impossible counts are refused by name") {
  const std::vector<std::uint64_t> good = encoded(Node());
  const auto verdict = [&](std::size_t at, std::uint64_t value) {
    std::vector<std::uint64_t> words = good;
    words[at] = value;
    DecodedSweep out;
    const char* wrong = decode(words, out);
    return std::string(wrong ? wrong : "");
  };
  CHECK_EQ(verdict(0, 0), "not an encoded sweep");
  CHECK_EQ(verdict(1, good[1] + 1), "written by another version");
  CHECK_EQ(verdict(2, good.size() + 1), "bad length");
  CHECK_EQ(verdict(7, std::uint64_t{0xffffffff} << 32 | 0xffffffff), "words end too early");
  CHECK_EQ(verdict(7, std::uint64_t{8} << 32 | 7), "more containers written than known");
  CHECK_EQ(verdict(7, std::uint64_t{6} << 32 | 7), "words left at the end");
  CHECK_EQ(verdict(9, std::uint64_t{kRefusalCount} << 32 | 0xffffffff), "words end too early");
}

TEST("any single damaged word is either refused or decoded within all bounds") {
  const std::vector<std::uint64_t> good = encoded(Node());
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const std::uint64_t noise :
         {std::uint64_t{0}, ~std::uint64_t{0}, good[at] ^ 0xff, good[at] ^ (std::uint64_t{0xff} << 32), good[at] + 1,
          good[at] ^ (std::uint64_t{1} << 63)}) {
      std::vector<std::uint64_t> words = good;
      words[at] = noise;
      DecodedSweep out;
      if (decode(words, out)) continue;
      for (const ContainerUsage& c : out.containers) {
        CHECK(c.root < out.roots.size());
        for (const DeviceUsage& d : c.usage.devices) CHECK(d.index < kMaxDevices);
        for (const ProcessUsage& p : c.usage.processes) CHECK(p.firstCell + p.cellCount <= c.usage.cells.size());
      }
    }
  }
}

TEST_MAIN("hami encoding")
