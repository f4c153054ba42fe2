#include "core/proc/holders.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <memory>
#include <set>

namespace gna::proc {

namespace {

struct CloseDirectory {
  void operator()(DIR* d) const { closedir(d); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

Directory openDirectory(const std::string& path) { return Directory{opendir(path.c_str())}; }

/// Next entry whose name is a plain decimal number; -1 at the end.
int nextNumber(DIR* directory) {
  while (const dirent* entry = readdir(directory)) {
    int value = 0;
    const char* end = entry->d_name + std::strlen(entry->d_name);
    const auto [rest, error] = std::from_chars(entry->d_name, end, value);
    if (error == std::errc{} && rest == end && value >= 0) return value;
  }
  return -1;
}

bool beginsWithOneOf(const std::string& text, const std::vector<std::string>& prefixes) {
  for (const auto& prefix : prefixes)
    if (text.compare(0, prefix.size(), prefix) == 0) return true;
  return false;
}

/// Entries seen in the thread's fd folder; 0 also when it may not be read.
std::size_t walkThread(const std::string& procfs, int pid, int tid, const std::vector<std::string>& prefixes,
                       std::set<int>& seen, std::vector<Holder>& out) {
  const std::string folder = procfs + "/" + std::to_string(pid) + "/task/" + std::to_string(tid) + "/fd";
  const Directory fds = openDirectory(folder);
  if (!fds) return 0;
  std::size_t entries = 0;
  char target[4096];
  for (int fd = nextNumber(fds.get()); fd >= 0; fd = nextNumber(fds.get())) {
    ++entries;
    if (seen.contains(fd)) continue;
    const std::string name = std::to_string(fd);
    const ssize_t length = readlinkat(dirfd(fds.get()), name.c_str(), target, sizeof target);
    if (length <= 0) continue;
    std::string text(target, static_cast<std::size_t>(length));
    if (!beginsWithOneOf(text, prefixes)) continue;
    seen.insert(fd);
    out.push_back({pid, tid, fd, std::move(text)});
  }
  return entries;
}

/// Whether a thread is known to have a table of handles of its own (CLONE_FILES left out). Where that cannot be told
/// (another pid namespace, no permission, a simulated /proc) it counts as shared.
bool hasOwnTable(int leader, int tid) {
  constexpr int kKcmpFiles = 2;  // linux/kcmp.h
  return syscall(SYS_kcmp, leader, tid, kKcmpFiles, 0, 0) > 0;
}

void walkProcess(const std::string& procfs, int pid, const std::vector<std::string>& prefixes,
                 std::vector<Holder>& out) {
  std::set<int> seen;
  const std::size_t ofLeader = walkThread(procfs, pid, pid, prefixes, seen, out);
  const Directory tasks = openDirectory(procfs + "/" + std::to_string(pid) + "/task");
  if (!tasks) return;
  // Threads share one table but for those that chose not to. Reading it once per thread would let a process with many
  // threads and many handles keep us busy for minutes, so the others are read where the leader has none to show (it
  // exited, its threads sleep), until one shows some, and where a table is known to be another.
  bool found = ofLeader > 0;
  for (int tid = nextNumber(tasks.get()); tid >= 0; tid = nextNumber(tasks.get())) {
    if (tid == pid || (found && !hasOwnTable(pid, tid))) continue;
    found = walkThread(procfs, pid, tid, prefixes, seen, out) > 0 || found;
  }
}

}  // namespace

std::vector<Holder> findHolders(const std::string& procfs, const std::vector<std::string>& prefixes) {
  std::vector<Holder> out;
  const Directory processes = openDirectory(procfs);
  if (!processes) return out;
  for (int pid = nextNumber(processes.get()); pid >= 0; pid = nextNumber(processes.get()))
    walkProcess(procfs, pid, prefixes, out);
  return out;
}

std::vector<Holder> findHoldersOf(const std::string& procfs, int pid, const std::vector<std::string>& prefixes) {
  std::vector<Holder> out;
  walkProcess(procfs, pid, prefixes, out);
  return out;
}

}  // namespace gna::proc
