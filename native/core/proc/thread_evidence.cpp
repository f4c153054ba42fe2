#include "core/proc/thread_evidence.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace gna::proc {

namespace {

// Length read, 0 on any error. `text` is NUL-terminated.
std::size_t slurp(std::uint32_t tid, const char* file, char* text, std::size_t size) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/task/%u/%s", tid, file);
  text[0] = 0;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  const ssize_t n = read(fd, text, size - 1);
  close(fd);
  const std::size_t length = n > 0 ? static_cast<std::size_t>(n) : 0;
  text[length] = 0;
  return length;
}

}  // namespace

char stateFromStat(const char* text, std::size_t length) {
  // pid (name) S …: the name may contain brackets and blanks, so the last bracket counts.
  for (std::size_t i = length; i-- > 0;)
    if (text[i] == ')') return i + 2 < length ? text[i + 2] : 0;
  return 0;
}

ThreadEvidence readThreadEvidence(std::uint32_t tid) {
  ThreadEvidence evidence;
  char text[512];
  const std::size_t length = slurp(tid, "stat", text, sizeof text);
  evidence.state = stateFromStat(text, length);

  if (slurp(tid, "syscall", text, sizeof text) > 0 && text[0] >= '0' && text[0] <= '9')
    evidence.syscallNumber = static_cast<std::int32_t>(std::strtol(text, nullptr, 10));

  if (slurp(tid, "wchan", text, sizeof text) > 0 && text[0] != '0') {
    std::size_t n = 0;
    while (n < sizeof evidence.wchan - 1 && text[n] > ' ' && text[n] < 0x7f) {
      evidence.wchan[n] = text[n];
      ++n;
    }
  }
  return evidence;
}

}  // namespace gna::proc
