#pragma once
// What the kernel says about one of our own threads. Always from the real /proc/self/task, never from a configured
// procfs root: this is about us, not about the node we look at.

#include <cstddef>
#include <cstdint>

namespace gna::proc {

/// Evidence for a call that does not come back. Fields that could not be read keep their defaults.
struct ThreadEvidence {
  char state = 0;                   // R, S, D …, of /proc/self/task/<tid>/stat
  std::int32_t syscallNumber = -1;  // of …/syscall; -1 = in user mode or not readable
  char wchan[47] = {};              // of …/wchan: kernel function the thread sleeps in
};

/// Reads the three files with plain system calls: no allocation, no lock, nothing a driver thread can hold.
ThreadEvidence readThreadEvidence(std::uint32_t tid);

/// The state letter out of the text of a stat file, 0 when malformed. The name in brackets may hold any byte.
char stateFromStat(const char* text, std::size_t length);

}  // namespace gna::proc
