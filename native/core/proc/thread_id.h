#pragma once
// The kernel's id of the calling thread. glibc has a function for it only since 2.30; the sampler runs from 2.28 on.

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace gna::proc {

/// As in /proc/self/task/<id>.
inline std::uint32_t currentThreadId() { return static_cast<std::uint32_t>(::syscall(SYS_gettid)); }

}  // namespace gna::proc
