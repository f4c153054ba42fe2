// What a container can do to its usage file and its directory.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>

#include "check.h"
#include "core/hami/sweep.h"
#include "hami_example.h"
#include "temporary_tree.h"

using namespace gna::hami;
using gna::test::exampleRegion;
using gna::test::GeneratedRegion;
using gna::test::Generation;
using gna::test::kGenerations;
using gna::test::offsetsOf;
using gna::test::patchFile;
using gna::test::TemporaryTree;
using gna::test::writeRegion;

namespace {

constexpr const char* kDirectory = "0f9b6c1e-3d55-4a8e-8b1f-6c7d8e9fa0b1_train";

// One container with one healthy file, its sweeper, and what the sweeper says about it.
struct Node {
  TemporaryTree tree;
  std::string directory = tree.makeDirectory(std::string("containers/") + kDirectory);
  std::string file = directory + "/x.cache";
  Sweeper sweeper{{tree / "containers"}};
  std::int64_t nowNs = 0;

  Node() { writeRegion(file, exampleRegion(Generation::v1_2)); }

  const ContainerUsage* sweep() {
    sweeper.sweep(nowNs += 1'000'000'000);
    return only();
  }
  const ContainerUsage* sample() {
    sweeper.sample(nowNs += 1'000'000'000);
    return only();
  }
  const ContainerUsage* only() const {
    const SweepView view = sweeper.view();
    return view.containers.size() == 1 ? view.containers[0] : nullptr;
  }
  Refusal refusalAfterSweep() {
    const ContainerUsage* c = sweep();
    return c ? c->refusal : Refusal::gone;
  }
};

}  // namespace

TEST("a healthy file is read") {
  Node node;
  const ContainerUsage* c = node.sweep();
  REQUIRE(c != nullptr);
  CHECK_EQ(c->refusal, Refusal::none);
  CHECK_EQ(c->container, "train");
}

TEST("a file truncated between two looks is refused at the second") {
  Node node;
  REQUIRE(node.refusalAfterSweep() == Refusal::none);
  for (const off_t size : {off_t{0}, off_t{11}, off_t{4096}, off_t{1197897}, off_t{2008952}}) {
    writeRegion(node.file, exampleRegion(Generation::v1_2));
    REQUIRE(node.sample()->refusal == Refusal::none);
    REQUIRE(truncate(node.file.c_str(), size) == 0);
    const ContainerUsage* c = node.sample();
    REQUIRE(c != nullptr);
    CHECK_EQ(c->refusal, size == 0 ? Refusal::notReady : Refusal::sizeUnknown);
    CHECK(c->usage.devices.empty());
  }
}

TEST("a file truncated and regrown all the time never crashes the reader") {
  Node node;
  std::atomic<bool> stop{false};
  std::thread enemy([&] {
    while (!stop.load()) {
      if (truncate(node.file.c_str(), 3000) != 0) return;
      writeRegion(node.file, exampleRegion(Generation::v1_2));
    }
  });
  unsigned good = 0, refused = 0;
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(700);
  while (std::chrono::steady_clock::now() < until) {
    const ContainerUsage* c = node.sample();
    if (!c) c = node.sweep();
    if (!c) continue;
    (c->refusal == Refusal::none ? good : refused) += 1;
    const bool allowed = c->refusal == Refusal::none || c->refusal == Refusal::notReady ||
                         c->refusal == Refusal::sizeUnknown || c->refusal == Refusal::shortRead ||
                         c->refusal == Refusal::sizeChanged || c->refusal == Refusal::gone ||
                         c->refusal == Refusal::versionUnknown;
    CHECK(allowed);
  }
  stop = true;
  enemy.join();
  CHECK(good + refused > 100);
  CHECK(refused > 0);
}

TEST("a symbolic link to a neighbour's file is not followed") {
  Node node;
  writeRegion(node.tree / "neighbour.cache", exampleRegion(Generation::v1_2));
  REQUIRE(unlink(node.file.c_str()) == 0);
  REQUIRE(symlink((node.tree / "neighbour.cache").c_str(), node.file.c_str()) == 0);
  CHECK_EQ(node.refusalAfterSweep(), Refusal::symlink);
}

TEST("a file swapped for a link after the sweep is refused at the next look") {
  Node node;
  REQUIRE(node.refusalAfterSweep() == Refusal::none);
  REQUIRE(rename(node.file.c_str(), (node.tree / "moved").c_str()) == 0);
  REQUIRE(symlink((node.tree / "moved").c_str(), node.file.c_str()) == 0);
  const ContainerUsage* c = node.sample();
  REQUIRE(c != nullptr);
  CHECK_EQ(c->refusal, Refusal::symlink);
  CHECK(c->usage.devices.empty());
}

TEST("a symbolic link in place of the container's directory is refused by name") {
  Node node;
  const std::string moved = node.tree / "elsewhere";
  REQUIRE(rename(node.directory.c_str(), moved.c_str()) == 0);
  REQUIRE(symlink(moved.c_str(), node.directory.c_str()) == 0);
  CHECK_EQ(node.refusalAfterSweep(), Refusal::symlink);
}

TEST("a directory swapped for a link to another container is never read") {
  Node node;
  REQUIRE(node.refusalAfterSweep() == Refusal::none);
  const std::string moved = node.tree / "elsewhere";
  const std::string neighbour = node.tree.makeDirectory("neighbour");
  writeRegion(neighbour + "/x.cache", exampleRegion(Generation::v1_2));
  REQUIRE(rename(node.directory.c_str(), moved.c_str()) == 0);
  REQUIRE(symlink(neighbour.c_str(), node.directory.c_str()) == 0);
  const ContainerUsage* c = node.sample();
  REQUIRE(c != nullptr);
  CHECK_EQ(c->refusal, Refusal::symlink);
  CHECK(c->usage.devices.empty());
}

TEST("a FIFO does not block and is refused") {
  Node node;
  REQUIRE(unlink(node.file.c_str()) == 0);
  REQUIRE(mkfifo(node.file.c_str(), 0666) == 0);
  CHECK_EQ(node.refusalAfterSweep(), Refusal::notRegular);
}

TEST("a directory and a socket named like a usage file are refused") {
  Node node;
  REQUIRE(unlink(node.file.c_str()) == 0);
  REQUIRE(mkdir(node.file.c_str(), 0777) == 0);
  CHECK_EQ(node.refusalAfterSweep(), Refusal::notRegular);
  REQUIRE(rmdir(node.file.c_str()) == 0);
  const OwnedFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(node.file.size() < sizeof address.sun_path);
  std::memcpy(address.sun_path, node.file.c_str(), node.file.size() + 1);
  REQUIRE(bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  CHECK_EQ(node.refusalAfterSweep(), Refusal::notRegular);
}

TEST("a device node is refused without being opened") {
  Node node;
  REQUIRE(unlink(node.file.c_str()) == 0);
  // Major 240 is for local use: opening it would fail with ENXIO, which is how an attempt would show.
  if (mknod(node.file.c_str(), S_IFCHR | 0666, makedev(240, 7)) != 0) SKIP("needs CAP_MKNOD");
  const ContainerUsage* c = node.sweep();
  REQUIRE(c != nullptr);
  CHECK_EQ(c->refusal, Refusal::notRegular);
  CHECK_EQ(c->errorNumber, 0);
}

TEST("a hard link to somebody else's file is refused") {
  Node node;
  writeRegion(node.tree / "neighbour.cache", exampleRegion(Generation::v1_2));
  REQUIRE(unlink(node.file.c_str()) == 0);
  REQUIRE(link((node.tree / "neighbour.cache").c_str(), node.file.c_str()) == 0);
  CHECK_EQ(node.refusalAfterSweep(), Refusal::tooManyLinks);
}

TEST("a second usage file makes both unusable, also in a directory full of entries") {
  Node node;
  writeRegion(node.directory + "/a.cache", exampleRegion(Generation::v1_1));
  CHECK_EQ(node.refusalAfterSweep(), Refusal::tooManyCacheFiles);
  REQUIRE(unlink((node.directory + "/a.cache").c_str()) == 0);
  CHECK_EQ(node.refusalAfterSweep(), Refusal::none);
  for (int i = 0; i < 200; ++i) {
    const OwnedFd fd(open((node.directory + "/entry" + std::to_string(i)).c_str(), O_CREAT | O_WRONLY, 0666));
    REQUIRE(static_cast<bool>(fd));
  }
  CHECK_EQ(node.refusalAfterSweep(), Refusal::tooManyEntries);
}

TEST("without a usage file, or with an unfinished one, the container is known and waits") {
  Node node;
  REQUIRE(unlink(node.file.c_str()) == 0);
  CHECK_EQ(node.refusalAfterSweep(), Refusal::noCacheFile);
  CHECK(isOrdinary(Refusal::noCacheFile));
  GeneratedRegion unfinished = exampleRegion(Generation::v1_2);
  unfinished.magic = 0;
  writeRegion(node.file, unfinished);
  CHECK_EQ(node.refusalAfterSweep(), Refusal::notReady);
  unfinished.magic = 0x41414141;
  writeRegion(node.file, unfinished);
  CHECK_EQ(node.refusalAfterSweep(), Refusal::badMagic);
  writeRegion(node.file, exampleRegion(Generation::v1_2));
  const ContainerUsage* c = node.sample();
  REQUIRE(c != nullptr);
  CHECK_EQ(c->refusal, Refusal::none);
}

TEST("a file nobody may read is refused with the kernel's reason") {
  if (geteuid() == 0) {
    // Root reads everything; a child without privileges plays the agent.
    Node node;
    REQUIRE(chmod(node.file.c_str(), 0) == 0);
    REQUIRE(chmod(node.tree.path().c_str(), 0755) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      if (setgid(65534) != 0 || setuid(65534) != 0) _exit(2);
      const ContainerUsage* c = node.sweep();
      _exit(c && c->refusal == Refusal::notReadable && c->errorNumber == EACCES ? 0 : 1);
    }
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK_EQ(status, 0);
    return;
  }
  Node node;
  REQUIRE(chmod(node.file.c_str(), 0) == 0);
  const ContainerUsage* c = node.sweep();
  REQUIRE(c != nullptr);
  CHECK_EQ(c->refusal, Refusal::notReadable);
  CHECK_EQ(c->errorNumber, EACCES);
}

TEST("a reader without privileges reads files of mode 0666, and O_NOATIME is not needed") {
  if (geteuid() != 0) SKIP("needs root to become somebody else");
  Node node;
  REQUIRE(chmod(node.file.c_str(), 0666) == 0);
  REQUIRE(chmod(node.tree.path().c_str(), 0755) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(2);
    const ContainerUsage* c = node.sweep();
    _exit(c && c->refusal == Refusal::none && c->usage.devices.size() == 2 ? 0 : 1);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK_EQ(status, 0);
}

TEST("a device file system mounted in place of the file's directory is not entered") {
  // /proc and /dev are other file systems than the temporary directory on every host.
  struct stat here {
  }, there{};
  Node node;
  const OwnedFd root(open("/", O_PATH | O_DIRECTORY));
  REQUIRE(fstat(root.get(), &here) == 0 && stat("/proc", &there) == 0);
  if (here.st_dev == there.st_dev) SKIP("/proc is not a mount of its own");
  ReadOutcome outcome;
  CHECK(!openChildDirectory(root.get(), "proc", here.st_dev, O_PATH, outcome));
  CHECK_EQ(outcome.refusal, Refusal::otherFilesystem);
}

TEST("every byte pattern in counts, UUIDs and slots is survived in every layout") {
  // A fixed stream of pseudo-random bytes, so that a failure can be repeated.
  std::uint64_t state = 0x9e3779b97f4a7c15;
  const auto next = [&] { return state = state * 6364136223846793005 + 1442695040888963407; };
  for (const Generation g : kGenerations) {
    Node node;
    writeRegion(node.file, exampleRegion(g));
    const auto at = offsetsOf(g);
    for (int round = 0; round < 60; ++round) {
      const std::array<std::uint64_t, 4> places = {at.deviceNum, at.uuids, at.procs, at.procNum};
      std::array<std::uint64_t, 8> noise;
      for (std::uint64_t& word : noise) word = next();
      patchFile(node.file, places[static_cast<std::size_t>(round) % 4], noise.data(), round % 4 == 3 ? 16 : 64);
      const ContainerUsage* c = node.sweep();
      REQUIRE(c != nullptr);
      CHECK_EQ(c->refusal, Refusal::none);
      CHECK(c->usage.devices.size() <= kMaxDevices && c->usage.slotsTotal <= kMaxSlots);
    }
  }
}

TEST("a copy is whole: no sum of a slot caught between two writes is taken as stable") {
  // The writer keeps two counters equal, except while the sequence is odd.
  Node node;
  GeneratedRegion region = exampleRegion(Generation::v1_2);
  region.processes.resize(1);
  region.processes[0].seqlock = 0;
  region.processes[0].devices[0] = {};
  writeRegion(node.file, region);
  REQUIRE(node.refusalAfterSweep() == Refusal::none);
  const auto at = offsetsOf(Generation::v1_2);
  const std::uint64_t slot = at.procs, sequenceAt = slot + *at.seqlockInSlot;
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    const OwnedFd fd(open(node.file.c_str(), O_RDWR | O_CLOEXEC));
    const auto put = [&](std::uint64_t offset, std::uint64_t value) {
      return pwrite(fd.get(), &value, 8, static_cast<off_t>(offset)) == 8;
    };
    std::uint64_t sequence = 0;
    for (std::uint64_t value = 1; !stop.load(); ++value) {
      const bool written = put(sequenceAt, sequence + 1) && put(slot + 8, value) && put(slot + 8 + 32, value) &&
                           put(sequenceAt, sequence + 2);
      if (!written) return;
      sequence += 2;
      std::this_thread::sleep_for(std::chrono::microseconds(value % 64));
    }
  });
  unsigned stable = 0, torn = 0;
  std::uint64_t last = 0;
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
  while (std::chrono::steady_clock::now() < until) {
    const ContainerUsage* c = node.sample();
    if (!c || c->refusal != Refusal::none || c->usage.slotsUnstable != 0 || c->usage.devices.empty()) continue;
    ++stable;
    last = c->usage.devices[0].usedBytes;
    torn += c->usage.devices[0].contextBytes != c->usage.devices[0].usedBytes ? 1 : 0;
  }
  stop = true;
  writer.join();
  CHECK(stable > 50);
  CHECK(last > 0);
  CHECK_EQ(torn, 0);
}

TEST_MAIN("hami hostile container")
