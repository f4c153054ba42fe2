// gpu-node-sampler: a process of its own, so that a thread asleep in the driver can never be the agent's.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "core/shm/segment.h"
#include "sampler/capture/capture.h"
#include "sampler/engine.h"
#include "sampler/version.h"

namespace {

constexpr int kSocketFd = 3, kMemoryFd = 4, kCarryFd = 5;

int privateMemory() {
  const int fd = memfd_create("gpu-node-sampler", MFD_CLOEXEC);
  if (fd >= 0 && ftruncate(fd, static_cast<off_t>(gna::shm::kSegmentBytes)) != 0) return -1;
  return fd;
}

// Our parent's death ends us: SIGTERM, so that merely slow calls are waited for. Set before the check, or a parent
// that dies in between is missed.
bool bindToParent(std::int32_t parentPid) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  return parentPid == 0 || getppid() == parentPid;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  gna::EngineOptions options;
  std::string message;
  if (!gna::parseOptions(arguments, options, message)) {
    std::fprintf(stderr, "gpu-node-sampler: %s\n", message.c_str());
    return static_cast<int>(gna::EngineEnd::usage);
  }
  if (options.help) return std::fputs(gna::optionsHelp(), stdout), 0;
  if (options.version) return std::printf("gpu-node-sampler %s\n", gna::kVersion), 0;

  std::signal(SIGPIPE, SIG_IGN);
  if (!options.captureFile.empty()) {
    const gna::EngineEnd end = gna::capture::run(options, message);
    if (!message.empty()) std::fprintf(stderr, "gpu-node-sampler: %s\n", message.c_str());
    std::fflush(nullptr);
    _exit(static_cast<int>(end));
  }
  int memoryFd = kMemoryFd, socketFd = kSocketFd, carryFd = -1;
  if (options.once) {
    memoryFd = privateMemory();
    socketFd = -1;
  } else {
    if (fcntl(kSocketFd, F_GETFD) < 0 || fcntl(kMemoryFd, F_GETFD) < 0) {
      std::fprintf(stderr,
                   "gpu-node-sampler: expected to be started by gpu-node-agent with descriptors 3 and 4 open; "
                   "to read this host by hand use --once\n");
      return static_cast<int>(gna::EngineEnd::usage);
    }
    if (!bindToParent(options.parentPid)) return 0;
    const char* carry = std::getenv("GNA_CARRY");
    if (carry && std::strcmp(carry, "1") == 0) carryFd = kCarryFd;
    fcntl(kSocketFd, F_SETFD, FD_CLOEXEC);
    fcntl(kMemoryFd, F_SETFD, FD_CLOEXEC);
  }
  const gna::EngineEnd end = gna::runEngine(options, socketFd, memoryFd, carryFd, message);
  if (!message.empty()) std::fprintf(stderr, "gpu-node-sampler: %s\n", message.c_str());
  // Not exit(): destructors and the driver's own exit handlers could wait for a thread that sleeps in the driver.
  std::fflush(nullptr);
  _exit(static_cast<int>(end));
}
