#include "core/proc/sampler_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "core/proc/small_file.h"
#include "core/shm/mapping.h"

namespace gna::proc {

namespace {

constexpr int kSocketTarget = 3, kMemoryTarget = 4, kCarryTarget = 5;
// Sources are moved out of the way of the targets, or one dup2 would overwrite the next one's source.
constexpr int kFirstSource = 16;

Descriptor moved(int fd) { return Descriptor{fcntl(fd, F_DUPFD_CLOEXEC, kFirstSource)}; }

class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

class Attributes {
 public:
  Attributes() { posix_spawnattr_init(&attributes_); }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  posix_spawnattr_t* get() { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  // posix_spawn takes char* const* and does not write through it.
  for (const auto& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

/// Default dispositions for all signals, and none blocked: Node ignores SIGPIPE, and a handler of the parent means
/// nothing to the child.
void resetSignals(posix_spawnattr_t* attributes) {
  sigset_t all, none;
  sigfillset(&all);
  sigdelset(&all, SIGKILL);
  sigdelset(&all, SIGSTOP);
  sigemptyset(&none);
  posix_spawnattr_setsigdefault(attributes, &all);
  posix_spawnattr_setsigmask(attributes, &none);
}

/// Descriptors above the targets that would be inherited: others' oversights, such as a parent's pipes. A sampler that
/// never ends would hold them for ever, and a pipe's reader would wait as long.
std::vector<int> inheritable() {
  std::vector<int> found;
  DIR* directory = opendir("/proc/self/fd");
  if (directory == nullptr) return found;
  while (const dirent* entry = readdir(directory)) {
    int fd = -1;  // stays so for . and ..
    std::from_chars(entry->d_name, entry->d_name + std::strlen(entry->d_name), fd);
    const int flags = fd > kCarryTarget ? fcntl(fd, F_GETFD) : -1;
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0) found.push_back(fd);
  }
  closedir(directory);
  return found;
}

}  // namespace

std::optional<SpawnFailure> spawnSampler(const SpawnRequest& request, std::size_t segmentBytes, SpawnedSampler& out) {
  const auto failure = [](const char* step, int error) { return SpawnFailure{step, error}; };

  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
    return failure("socketpair", errno);
  Descriptor ours{ends[0]}, theirs{ends[1]};
  Descriptor memory = shm::makeSealedMemory("gpu-node-sampler", segmentBytes);
  if (!memory.valid()) return failure("memfd_create", errno);
  Descriptor messages = shm::makeSealedMemory("gpu-node-sampler-messages", kMessageBytes);
  if (!messages.valid()) return failure("memfd_create", errno);

  const Descriptor socketSource = moved(theirs.get());
  const Descriptor memorySource = moved(memory.get());
  const Descriptor messagesSource = moved(messages.get());
  const Descriptor carrySource = request.carryFd >= 0 ? moved(request.carryFd) : Descriptor{};
  if (!socketSource.valid() || !memorySource.valid() || !messagesSource.valid() ||
      (request.carryFd >= 0 && !carrySource.valid()))
    return failure("fcntl(F_DUPFD_CLOEXEC)", errno);

  FileActions actions;
  int error = posix_spawn_file_actions_addopen(actions.get(), 0, "/dev/null", O_RDONLY, 0);
  const auto add = [&](int step) {
    if (error == 0) error = step;
  };
  add(posix_spawn_file_actions_addopen(actions.get(), 1, "/dev/null", O_WRONLY, 0));
  add(posix_spawn_file_actions_adddup2(actions.get(), messagesSource.get(), 2));
  add(posix_spawn_file_actions_adddup2(actions.get(), socketSource.get(), kSocketTarget));
  add(posix_spawn_file_actions_adddup2(actions.get(), memorySource.get(), kMemoryTarget));
  if (carrySource.valid()) add(posix_spawn_file_actions_adddup2(actions.get(), carrySource.get(), kCarryTarget));
  for (const int fd : inheritable()) add(posix_spawn_file_actions_addclose(actions.get(), fd));
  if (error != 0) return failure("posix_spawn_file_actions", error);

  Attributes attributes;
  posix_spawnattr_setflags(attributes.get(), POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setpgroup(attributes.get(), 0);
  resetSignals(attributes.get());

  std::vector<std::string> arguments{request.path};
  arguments.insert(arguments.end(), request.args.begin(), request.args.end());
  std::vector<std::string> environment = request.environment;
  std::erase_if(environment, [](const std::string& e) { return e.compare(0, 10, "GNA_CARRY=") == 0; });
  if (carrySource.valid()) environment.emplace_back("GNA_CARRY=1");

  pid_t pid = 0;
  error = posix_spawn(&pid, request.path.c_str(), actions.get(), attributes.get(), pointers(arguments).data(),
                      pointers(environment).data());
  if (error != 0) return failure("posix_spawn", error);
  out = {pid, std::move(ours), std::move(memory), std::move(messages)};
  return std::nullopt;
}

Poll pollSampler(int pid) {
  int status = 0;
  const pid_t reaped = waitpid(pid, &status, WNOHANG);
  if (reaped == pid) return {Life::gone, status};
  if (reaped < 0 && errno == ECHILD) return {Life::gone, std::nullopt};
  const auto stat = readSmallFile("/proc/" + std::to_string(pid) + "/stat", 512);
  if (!stat) return {};
  // The name in brackets may hold anything; the state follows the last closing bracket.
  const auto bracket = stat->rfind(')');
  if (bracket != std::string::npos && bracket + 2 < stat->size() && (*stat)[bracket + 2] == 'Z') {
    // A whole process that is dead shows Z as well, for a moment, until it is reaped: look again.
    if (waitpid(pid, &status, WNOHANG) == pid) return {Life::gone, status};
    return {Life::leaderZombie, std::nullopt};
  }
  return {};
}

}  // namespace gna::proc
