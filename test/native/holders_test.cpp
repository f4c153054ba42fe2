// Open handles found through threads, small files that may be traps, and memory that nobody can resize.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include "check.h"
#include "core/proc/holders.h"
#include "core/proc/small_file.h"
#include "core/shm/mapping.h"
#include "temporary_tree.h"

using namespace gna;
namespace fs = std::filesystem;

namespace {

/// A procfs tree of our own.
class Procfs {
 public:
  const std::string& root() const { return tree_.path(); }

  void handle(int pid, int tid, int fd, const std::string& target) const {
    const fs::path folder = fs::path(root()) / std::to_string(pid) / "task" / std::to_string(tid) / "fd";
    fs::create_directories(folder);
    fs::create_symlink(target, folder / std::to_string(fd));
  }

 private:
  test::TemporaryTree tree_;
};

}  // namespace

TEST("a handle that all threads share is told once, with the first thread that shows it") {
  const Procfs procfs;
  for (const int tid : {100, 101, 102}) procfs.handle(100, tid, 7, "/dev/nvidia0");
  const auto holders = proc::findHolders(procfs.root(), {"/dev/nvidia"});
  REQUIRE(holders.size() == 1);
  CHECK_EQ(holders[0].pid, 100);
  CHECK_EQ(holders[0].fd, 7);
  CHECK_EQ(holders[0].target, std::string("/dev/nvidia0"));
}

TEST("a handle that only a sleeping thread of a dead leader still shows is found") {
  const Procfs procfs;
  fs::create_directories(fs::path(procfs.root()) / "200" / "fd");
  fs::create_directories(fs::path(procfs.root()) / "200" / "task" / "200" / "fd");
  procfs.handle(200, 205, 9, "/dev/nvidia3");
  const auto holders = proc::findHolders(procfs.root(), {"/dev/nvidia"});
  REQUIRE(holders.size() == 1);
  CHECK_EQ(holders[0].tid, 205);
}

TEST("only targets with one of the prefixes count, and names that are no numbers are passed over") {
  const Procfs procfs;
  procfs.handle(1, 1, 3, "/dev/null");
  procfs.handle(1, 1, 4, "/dev/vfio/12");
  procfs.handle(2, 2, 5, "socket:[1]");
  fs::create_directories(fs::path(procfs.root()) / "self" / "task" / "1" / "fd");
  fs::create_symlink("/dev/nvidia0", fs::path(procfs.root()) / "self" / "task" / "1" / "fd" / "3");
  fs::create_directories(fs::path(procfs.root()) / "12x");
  CHECK_EQ(proc::findHolders(procfs.root(), {"/dev/nvidia", "/dev/vfio/"}).size(), 1u);
  CHECK_EQ(proc::findHoldersOf(procfs.root(), 1, {"/dev/null"}).size(), 1u);
  CHECK(proc::findHolders(procfs.root() + "/nothing", {"/"}).empty());
}

TEST("our own open file is found in the real /proc") {
  const int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  const auto holders = proc::findHoldersOf("/proc", getpid(), {"/dev/zero"});
  close(fd);
  REQUIRE(holders.size() == 1);
  CHECK_EQ(holders[0].fd, fd);
}

TEST("a small file is cut at its limit; links, folders and FIFOs are not read") {
  const Procfs tree;
  const fs::path root = tree.root();
  std::ofstream(root / "file") << "0123456789";
  fs::create_symlink(root / "file", root / "link");
  REQUIRE(mkfifo((root / "fifo").c_str(), 0600) == 0);
  CHECK_EQ(proc::readSmallFile((root / "file").string(), 4), std::optional<std::string>("0123"));
  CHECK_EQ(proc::readSmallFile((root / "file").string(), 64), std::optional<std::string>("0123456789"));
  CHECK(!proc::readSmallFile((root / "link").string(), 64));
  CHECK(!proc::readSmallFile((root / "fifo").string(), 64));
  CHECK(!proc::readSmallFile(root.string(), 64));
}

TEST("sealed memory keeps its size whoever tries to change it") {
  const proc::Descriptor memory = shm::makeSealedMemory("test", 8192);
  REQUIRE(memory.valid());
  CHECK(ftruncate(memory.get(), 4096) != 0);
  CHECK_EQ(errno, EPERM);
  CHECK(ftruncate(memory.get(), 16384) != 0);
  CHECK(fcntl(memory.get(), F_ADD_SEALS, F_SEAL_WRITE) != 0);
  const shm::Mapping writable{memory.get(), shm::Mapping::Access::readWrite};
  const shm::Mapping readable{memory.get(), shm::Mapping::Access::readOnly};
  REQUIRE(writable.valid() && readable.valid());
  CHECK_EQ(readable.bytes(), 8192u);
  static_cast<char*>(writable.address())[8191] = 'x';
  CHECK(static_cast<const char*>(readable.address())[8191] == 'x');
}

TEST("memory of size zero cannot be mapped and says why") {
  const proc::Descriptor memory{memfd_create("empty", MFD_CLOEXEC)};
  const shm::Mapping mapping{memory.get(), shm::Mapping::Access::readOnly};
  CHECK(!mapping.valid());
  CHECK_EQ(errno, EINVAL);
}

TEST_MAIN("open handles, small files, sealed memory")
