#pragma once
// Who has a device node open: a walk over /proc/<pid>/task/<tid>/fd.
//
// The walk goes through the threads and not through /proc/<pid>/fd alone: when a process ends while one of its threads
// sleeps in the kernel, its leader is a zombie with an empty fd folder, and the handles show under the sleeping
// thread only (tried on Linux 6.18).

#include <string>
#include <vector>

namespace gna::proc {

/// One open handle. `tid` is the first thread under which it was seen.
struct Holder {
  int pid = 0;
  int tid = 0;
  int fd = 0;
  std::string target;  // where the link in fd/ points to
};

/// Walks `procfs` (usually "/proc") and returns the handles whose target begins with one of `prefixes`, such as
/// "/dev/nvidia". Processes that end meanwhile or may not be looked into (needs CAP_SYS_PTRACE and
/// CAP_DAC_READ_SEARCH for other users') are left out. A handle shared by all threads of a process is told once.
std::vector<Holder> findHolders(const std::string& procfs, const std::vector<std::string>& prefixes);

/// The same for one process.
std::vector<Holder> findHoldersOf(const std::string& procfs, int pid, const std::vector<std::string>& prefixes);

}  // namespace gna::proc
