#pragma once
// Starting and watching sampler processes. None of these functions waits for a child.

#include <optional>
#include <string>
#include <vector>

#include "core/proc/descriptor.h"

namespace gna::proc {

/// What a sampler is started with. `carryFd` is the predecessor's memory, -1 = none.
struct SpawnRequest {
  std::string path;
  std::vector<std::string> args;         // without argv[0]
  std::vector<std::string> environment;  // KEY=value, complete
  int carryFd = -1;
};

/// A started sampler. The agent's end of the socket is non-blocking. `messages` is a small sealed memfd that is the
/// sampler's standard error: unlike a pipe or a terminal it is nobody's to wait for when the sampler never ends.
struct SpawnedSampler {
  int pid = 0;
  Descriptor socket;
  Descriptor memory;
  Descriptor messages;
};

/// What failed, with its errno.
struct SpawnFailure {
  const char* step = nullptr;
  int error = 0;
};

/// Bytes of standard error that are kept; what comes after is refused by the kernel.
inline constexpr std::size_t kMessageBytes = 32u << 10;

/// Starts a sampler in a process group of its own (Ctrl-C is for the agent alone), with signals at their defaults,
/// 3 = socket, 4 = memory of `segmentBytes`, 5 = predecessor's memory if any (then GNA_CARRY=1 is added to the
/// environment), 0 and 1 = /dev/null. Call it from a thread that lives as long as the sampler may: the sampler's
/// parent-death signal follows the thread, not the process.
std::optional<SpawnFailure> spawnSampler(const SpawnRequest& request, std::size_t segmentBytes, SpawnedSampler& out);

enum class Life {
  running,
  leaderZombie,  // its leader exited, a thread still sleeps in the kernel: neither dead nor alive
  gone,          // reaped, or not a child of ours
};

struct Poll {
  Life life = Life::running;
  std::optional<int> waitStatus;  // as waitpid gives it; only for a child that was reaped now
};

/// Looks once. A process with a thread in D state after exit or SIGKILL is never reaped and its pidfd never becomes
/// readable; only the letter Z of its leader in /proc/<pid>/stat tells (tried on Linux 6.18).
Poll pollSampler(int pid);

}  // namespace gna::proc
