#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "check.h"
#include "core/hami/sweep.h"
#include "hami_example.h"
#include "temporary_tree.h"

using namespace gna::hami;
using gna::test::exampleRegion;
using gna::test::GeneratedRegion;
using gna::test::Generation;
using gna::test::TemporaryTree;
using gna::test::writeRegion;

namespace {

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kSecond = 1'000 * kMillisecond;

std::string addContainer(const TemporaryTree& tree, const std::string& root, const std::string& name,
                         const GeneratedRegion& region = exampleRegion(Generation::v1_2)) {
  std::string file = tree.makeDirectory(root + "/" + name) + "/4c9f.cache";
  writeRegion(file, region);
  return file;
}

GeneratedRegion withUtilization(std::uint64_t percent) {
  GeneratedRegion region = exampleRegion(Generation::v1_2);
  region.processes.resize(1);
  region.processes[0].devices[0].smUtil = percent;
  region.processes[0].devices[0].monitorUsed = percent * 1000;
  return region;
}

int openDescriptors() {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) count += entry.is_symlink() ? 1 : 0;
  return count;
}

}  // namespace

TEST("several roots are read in order, each container once, by name") {
  const TemporaryTree tree;
  addContainer(tree, "b", "uid2_main");
  addContainer(tree, "b", "uid1_side");
  addContainer(tree, "a", "uid3_main");
  Sweeper sweeper({tree / "a", tree / "missing", tree / "b"});
  sweeper.sweep(kSecond);
  const SweepView view = sweeper.view();
  REQUIRE(view.containers.size() == 3 && view.roots.size() == 3);
  CHECK_EQ(view.containers[0]->podUid, "uid3");
  CHECK_EQ(view.containers[0]->root, 0);
  CHECK_EQ(view.containers[1]->podUid, "uid1");
  CHECK_EQ(view.containers[1]->container, "side");
  CHECK_EQ(view.containers[1]->root, 2);
  CHECK_EQ(view.containers[2]->podUid, "uid2");
  CHECK(view.roots[0].condition == RootCondition::readable);
  CHECK(view.roots[1].condition == RootCondition::missing);
  CHECK_EQ(view.roots[2].containers, 2);
  CHECK_EQ(view.refusals[0], 3);
  CHECK_EQ(view.sweptNs, kSecond);
}

TEST("the default roots are those of HAMi and Volcano") {
  REQUIRE(defaultRoots().size() == 3);
  CHECK_EQ(std::string(defaultRoots()[0]), "/usr/local/vgpu/containers");
  CHECK_EQ(std::string(defaultRoots()[1]), "/usr/local/vgpu/vgpu/containers");
  CHECK_EQ(std::string(defaultRoots()[2]), "/tmp/vgpu/containers");
}

TEST("configured roots stand beside the usual ones, which are below the host's root") {
  const std::vector<std::string> configured = {"/a", "/b"};
  const std::vector<std::string> here = rootsBelow("", configured);
  REQUIRE(here.size() == 5);
  CHECK_EQ(here[0], "/usr/local/vgpu/containers");
  CHECK_EQ(here[3], "/a");
  CHECK_EQ(here[4], "/b");
  const std::vector<std::string> moved = rootsBelow("/host", {});
  REQUIRE(moved.size() == 3);
  for (std::size_t i = 0; i < moved.size(); ++i) CHECK_EQ(moved[i], "/host" + here[i]);
}

TEST("a root that is a link is read, the same directory twice is not") {
  const TemporaryTree tree;
  addContainer(tree, "real", "uid_main");
  REQUIRE(symlink((tree / "real").c_str(), (tree / "alias").c_str()) == 0);
  Sweeper sweeper({tree / "alias", tree / "real"});
  sweeper.sweep(kSecond);
  CHECK_EQ(sweeper.view().containers.size(), 1);
  CHECK(sweeper.view().roots[1].condition == RootCondition::duplicate);
}

TEST("a root that is a file, and a link that leads nowhere, are said") {
  const TemporaryTree tree;
  writeRegion(tree / "file", exampleRegion(Generation::v0));
  Sweeper sweeper({tree / "file"});
  sweeper.sweep(kSecond);
  CHECK(sweeper.view().roots[0].condition == RootCondition::notReadable);
  CHECK_EQ(sweeper.view().roots[0].errorNumber, ENOTDIR);
}

TEST("what has no container's name is passed over and counted") {
  const TemporaryTree tree;
  addContainer(tree, "r", "uid_main");
  tree.makeDirectory("r/without-underscore");
  tree.makeDirectory("r/_half");
  tree.makeDirectory("r/half_");
  writeRegion(tree / "r/uid_file", exampleRegion(Generation::v0));
  Sweeper sweeper({tree / "r"});
  sweeper.sweep(kSecond);
  CHECK_EQ(sweeper.view().containers.size(), 1);
  CHECK_EQ(sweeper.view().roots[0].otherEntries, 4);
}

TEST("names with newlines, quotes, bad UTF-8 or too many bytes are refused and shown harmlessly") {
  const TemporaryTree tree;
  for (const std::string& name : {std::string("uid_a\nfake 1"), std::string("uid_\"},x=\""),
                                  std::string("uid_\xff\xc3"), "uid_" + std::string(250, 'x')}) {
    addContainer(tree, "r", name);
  }
  Sweeper sweeper({tree / "r"});
  sweeper.sweep(kSecond);
  REQUIRE(sweeper.view().containers.size() == 4);
  for (const ContainerUsage* c : sweeper.view().containers) {
    CHECK_EQ(c->refusal, Refusal::badName);
    CHECK(c->podUid.empty());
    CHECK(c->container.size() <= 128);
    for (const char b : c->container) CHECK(b > ' ' && b < 127);
  }
  CHECK_EQ(sweeper.view().refusals[static_cast<std::size_t>(Refusal::badName)], 4);
}

TEST("a new container appears and a removed one disappears at the next sweep") {
  const TemporaryTree tree;
  addContainer(tree, "r", "uid1_main");
  Sweeper sweeper({tree / "r"});
  sweeper.sweep(kSecond);
  addContainer(tree, "r", "uid0_main");
  addContainer(tree, "r", "uid2_main");
  sweeper.sweep(2 * kSecond);
  REQUIRE(sweeper.view().containers.size() == 3);
  CHECK_EQ(sweeper.view().containers[0]->podUid, "uid0");
  CHECK_EQ(sweeper.view().containers[0]->usage.devices.size(), 2);
  std::filesystem::remove_all(tree / "r/uid1_main");
  sweeper.sample(3 * kSecond);
  CHECK_EQ(sweeper.view().containers[1]->refusal, Refusal::gone);
  CHECK(sweeper.view().containers[1]->usage.devices.empty());
  sweeper.sweep(4 * kSecond);
  REQUIRE(sweeper.view().containers.size() == 2);
  CHECK_EQ(sweeper.view().containers[1]->podUid, "uid2");
  std::filesystem::remove_all(tree / "r");
  sweeper.sweep(5 * kSecond);
  CHECK(sweeper.view().containers.empty());
  CHECK(sweeper.view().roots[0].condition == RootCondition::missing);
  addContainer(tree, "r", "uid9_main");
  sweeper.sweep(6 * kSecond);
  REQUIRE(sweeper.view().containers.size() == 1);
}

TEST("a file replaced by another under the same name shows its own numbers at once") {
  const TemporaryTree tree;
  const std::string file = addContainer(tree, "r", "uid_main", withUtilization(90));
  Sweeper sweeper({tree / "r"});
  sweeper.sweep(kSecond);
  CHECK_EQ(sweeper.view().containers[0]->usage.devices[0].smUtilPercent, 90);
  GeneratedRegion other = withUtilization(10);
  other.deviceNum = 1;
  writeRegion(tree / "next", other);
  REQUIRE(rename((tree / "next").c_str(), file.c_str()) == 0);
  sweeper.sample(kSecond + 200 * kMillisecond);
  const ContainerUsage& c = *sweeper.view().containers[0];
  REQUIRE(c.usage.devices.size() == 1);
  CHECK_EQ(c.usage.devices[0].smUtilPercent, 10);  // not the old file's 90
  CHECK_EQ(sweeper.view().replacedFiles, 1);
}

TEST("utilisation and driver-reported memory are the maximum over looks of two seconds") {
  const TemporaryTree tree;
  const std::string file = addContainer(tree, "r", "uid_main", withUtilization(40));
  Sweeper sweeper({tree / "r"});
  const auto look = [&](std::int64_t atNs, std::uint64_t percent) {
    writeRegion(file, withUtilization(percent));
    sweeper.sample(atNs);
    return sweeper.view().containers[0];
  };
  sweeper.sweep(kSecond);
  const ContainerUsage* c = look(kSecond + 70 * kMillisecond, 0);  // the watcher has just cleared
  CHECK_EQ(c->usage.devices[0].smUtilPercent, 40);
  CHECK_EQ(c->usage.devices[0].driverReportedBytes, 40'000);
  CHECK(c->windowSpanNs < kFlickerPeriodNs);
  c = look(kSecond + 140 * kMillisecond, 55);
  CHECK_EQ(c->usage.devices[0].smUtilPercent, 55);
  CHECK(c->windowSpanNs > kFlickerPeriodNs);
  c = look(3 * kSecond + 150 * kMillisecond, 5);  // all before are older than the window
  CHECK_EQ(c->usage.devices[0].smUtilPercent, 5);
  c = look(2 * kSecond, 3);  // a clock that went back: no look from the future may stay
  CHECK_EQ(c->usage.devices[0].smUtilPercent, 3);
  CHECK_EQ(c->windowSpanNs, 0);
}

TEST("many quick looks keep the window wide") {
  const TemporaryTree tree;
  const std::string file = addContainer(tree, "r", "uid_main", withUtilization(77));
  Sweeper sweeper({tree / "r"});
  sweeper.sweep(kSecond);
  writeRegion(file, withUtilization(0));
  for (std::int64_t i = 1; i <= 19; ++i) sweeper.sample(kSecond + i * 100 * kMillisecond);
  const ContainerUsage& c = *sweeper.view().containers[0];
  CHECK_EQ(c.windowSpanNs, 1900 * kMillisecond);
  CHECK_EQ(c.usage.devices[0].smUtilPercent, 77);
}

TEST("an impossible utilisation neither enters nor hides behind the maximum") {
  const TemporaryTree tree;
  const std::string file = addContainer(tree, "r", "uid_main", withUtilization(1'000'000));
  Sweeper sweeper({tree / "r"});
  sweeper.sweep(kSecond);
  const ContainerUsage& c = *sweeper.view().containers[0];
  CHECK((c.usage.devices[0].flags & kUtilizationImplausible) != 0);
  CHECK_EQ(c.usage.devices[0].smUtilPercent, 1'000'000);
  writeRegion(file, withUtilization(20));
  sweeper.sample(kSecond + 200 * kMillisecond);
  CHECK_EQ(c.usage.devices[0].flags, 0);
  CHECK_EQ(c.usage.devices[0].smUtilPercent, 20);
}

TEST("directories beyond the limit are counted, not read") {
  const TemporaryTree tree;
  tree.makeDirectory("r");
  const std::uint32_t extra = 5;
  for (std::uint32_t i = 0; i < kMaxContainersPerRoot + extra; ++i) {
    REQUIRE(mkdir((tree / ("r/uid" + std::to_string(i) + "_c")).c_str(), 0755) == 0);
  }
  Sweeper sweeper({tree / "r"});
  sweeper.sweep(kSecond);
  const SweepView view = sweeper.view();
  CHECK_EQ(view.containers.size(), kMaxContainersPerRoot);
  CHECK_EQ(view.roots[0].containers, kMaxContainersPerRoot + extra);
  CHECK_EQ(view.roots[0].beyondLimit, extra);
  CHECK_EQ(view.refusals[static_cast<std::size_t>(Refusal::noCacheFile)], kMaxContainersPerRoot);
}

TEST("one descriptor is held per root and healthy file, and let go of with it") {
  const TemporaryTree tree;
  for (int i = 0; i < 20; ++i) addContainer(tree, "r", "uid" + std::to_string(i) + "_main");
  const int before = openDescriptors();
  Sweeper sweeper({tree / "r", tree / "missing"});
  for (int i = 1; i <= 5; ++i) sweeper.sweep(i * kSecond);
  CHECK_EQ(openDescriptors(), before + 1 + 20);
  REQUIRE(unlink((tree / "r/uid3_main/4c9f.cache").c_str()) == 0);
  sweeper.sample(6 * kSecond);
  CHECK_EQ(openDescriptors(), before + 1 + 19);
  std::filesystem::remove_all(tree / "r");
  sweeper.sweep(7 * kSecond);
  CHECK_EQ(openDescriptors(), before);
}

TEST("with few descriptors left the rest is opened for each look, and all are read") {
  const TemporaryTree tree;
  for (int i = 0; i < 40; ++i) addContainer(tree, "r", "uid" + std::to_string(i) + "_main");
  rlimit old{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &old) == 0);
  const rlimit few{.rlim_cur = 60, .rlim_max = old.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
  const int before = openDescriptors();
  Sweeper sweeper({tree / "r"});
  for (int i = 1; i <= 3; ++i) sweeper.sweep(i * kSecond);
  CHECK_EQ(sweeper.view().refusals[0], 40);
  CHECK_EQ(openDescriptors(), before + 1 + 30);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &old) == 0);
}

TEST_MAIN("hami sweep")
