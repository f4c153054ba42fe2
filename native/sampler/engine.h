#pragma once
// The sampler's engine: what runs in the gpu-node-sampler process, and in-process for tests and library users.

#include "sampler/options.h"

namespace gna {

/// How an engine run ended. Also the exit status of the process.
enum class EngineEnd : int {
  left = 0,      // told to leave, or --once read everything
  usage = 2,     // bad descriptors or options
  noDriver = 3,  // --once: no driver answered
  deadline = 4,  // --once: a call did not come back in time; what is there was printed
};

/// Runs until told to leave (byte `x`, end of the socket, SIGTERM). `socketFd` is a stream socket or -1 (--once),
/// `memoryFd` a file of at least shm::kSegmentBytes, `carryFd` the predecessor's memory or -1. The descriptors stay
/// the caller's. Nothing here waits for the driver: a call that never returns leaves its thread behind, which owns
/// everything it may still touch. `message` says what was wrong for EngineEnd::usage.
EngineEnd runEngine(const EngineOptions& options, int socketFd, int memoryFd, int carryFd, std::string& message);

}  // namespace gna
