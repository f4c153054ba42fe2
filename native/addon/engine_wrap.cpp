// The sampler's engine inside this process, for tests and library users: same memory and socket protocol, on threads
// that own all they touch and know nothing of Node.

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

#include "addon/arguments.h"
#include "addon/errors.h"
#include "addon/exports.h"
#include "core/proc/descriptor.h"
#include "core/shm/mapping.h"
#include "core/shm/segment.h"
#include "sampler/engine.h"

namespace gna::addon {

namespace {

/// Shared by the engine's thread and the environment; whoever goes last frees it. A thread asleep in the driver keeps
/// it for ever.
struct RunningEngine {
  EngineOptions options;
  proc::Descriptor socket;
  proc::Descriptor memory;
  std::mutex mutex;
  std::condition_variable left;
  bool ended = false;

  void askToLeave() {
    const std::lock_guard lock{mutex};
    if (!ended) shutdown(socket.get(), SHUT_RDWR);
  }

  /// Whether it left within `limit`.
  bool waitFor(std::chrono::milliseconds limit) {
    std::unique_lock lock{mutex};
    return left.wait_for(lock, limit, [this] { return ended; });
  }
};

using Shared = std::shared_ptr<RunningEngine>;

// At exit the process runs the destructors of the driver library while its threads may be in it: merely slow calls
// are waited for, one asleep is not.
constexpr std::chrono::milliseconds kWaitAtTeardown{1000};

void leaveAtTeardown(void* data) {
  const std::unique_ptr<Shared> engine{static_cast<Shared*>(data)};
  (*engine)->askToLeave();
  (*engine)->waitFor(kWaitAtTeardown);
}

void run(const Shared& engine) {
  std::string message;
  runEngine(engine->options, engine->socket.get(), engine->memory.get(), -1, message);
  const std::lock_guard lock{engine->mutex};
  engine->ended = true;
  engine->socket.reset();
  engine->memory.reset();
  engine->left.notify_all();
}

Napi::Value startEngine(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto args = texts(env, info[0], "args");
  auto engine = std::make_shared<RunningEngine>();
  std::string problem;
  if (!parseOptions(args, engine->options, problem)) throw codedError(env, "ERR_INVALID_ARG_VALUE", problem);
  engine->options.inProcess = true;

  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
    throw systemError(env, "socketpair", errno);
  proc::Descriptor ours{ends[0]};
  engine->socket = proc::Descriptor{ends[1]};
  proc::Descriptor memory = shm::makeSealedMemory("gpu-node-engine", shm::kSegmentBytes);
  if (!memory.valid()) throw systemError(env, "memfd_create", errno);
  engine->memory = proc::Descriptor{fcntl(memory.get(), F_DUPFD_CLOEXEC, 0)};
  if (!engine->memory.valid()) throw systemError(env, "fcntl", errno);

  try {
    std::thread(run, engine).detach();
  } catch (const std::system_error& error) {
    throw systemError(env, "pthread_create", error.code().value());
  }
  napi_add_env_cleanup_hook(env, leaveAtTeardown, new Shared{engine});

  Napi::Object result = Napi::Object::New(env);
  result.Set("socketFd", ours.release());
  result.Set("memoryFd", memory.release());
  result.Set("stop", Napi::Function::New(
                         env, [engine](const Napi::CallbackInfo&) { engine->askToLeave(); }, "stop"));
  return result;
}

}  // namespace

void initEngine(Napi::Env env, Napi::Object exports) {
  exports.Set("startEngine", Napi::Function::New<startEngine>(env, "startEngine"));
}

}  // namespace gna::addon
