// Sampler processes: start, look, signal.

#include <signal.h>
#include <sys/wait.h>

#include "addon/arguments.h"
#include "addon/errors.h"
#include "addon/exports.h"
#include "addon/instance.h"
#include "core/proc/sampler_process.h"
#include "core/shm/segment.h"

namespace gna::addon {

namespace {

Napi::Value spawnSampler(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Napi::Object options = object(env, info[0], "options");
  proc::SpawnRequest request;
  request.path = text(env, options.Get("path"), "options.path");
  request.args = texts(env, options.Get("args"), "options.args");
  request.environment = texts(env, options.Get("env"), "options.env");
  if (const Napi::Value carry = options.Get("carryFd"); !carry.IsUndefined())
    request.carryFd = smallNumber(env, carry, "options.carryFd");

  proc::SpawnedSampler sampler;
  if (const auto failure = proc::spawnSampler(request, shm::kSegmentBytes, sampler))
    throw systemError(env, failure->step, failure->error, request.path);
  Instance::of(env).samplers.insert(sampler.pid);
  Napi::Object result = Napi::Object::New(env);
  result.Set("pid", sampler.pid);
  result.Set("socketFd", sampler.socket.release());
  result.Set("memoryFd", sampler.memory.release());
  result.Set("messagesFd", sampler.messages.release());
  return result;
}

int ownSampler(const Napi::CallbackInfo& info) {
  const int pid = smallNumber(info.Env(), info[0], "pid");
  if (!Instance::of(info.Env()).samplers.contains(pid))
    throw codedError(info.Env(), "ESRCH", "pid " + std::to_string(pid) + " is no living sampler started from here");
  return pid;
}

Napi::Value pollSampler(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int pid = ownSampler(info);
  const proc::Poll poll = proc::pollSampler(pid);
  if (poll.life == proc::Life::gone) Instance::of(env).samplers.erase(pid);
  Napi::Object result = Napi::Object::New(env);
  result.Set("state", poll.life == proc::Life::gone           ? "gone"
                      : poll.life == proc::Life::leaderZombie ? "leader-zombie"
                                                              : "running");
  if (poll.waitStatus && WIFEXITED(*poll.waitStatus)) result.Set("exitCode", WEXITSTATUS(*poll.waitStatus));
  if (poll.waitStatus && WIFSIGNALED(*poll.waitStatus)) result.Set("signal", WTERMSIG(*poll.waitStatus));
  return result;
}

Napi::Value signalSampler(const Napi::CallbackInfo& info) {
  const int pid = ownSampler(info);
  const auto signal = static_cast<int>(wholeNumber(info.Env(), info[1], "signal", 1, 64));
  return Napi::Boolean::New(info.Env(), kill(pid, signal) == 0);
}

}  // namespace

void initSamplers(Napi::Env env, Napi::Object exports) {
  exports.Set("spawnSampler", Napi::Function::New<spawnSampler>(env, "spawnSampler"));
  exports.Set("pollSampler", Napi::Function::New<pollSampler>(env, "pollSampler"));
  exports.Set("signalSampler", Napi::Function::New<signalSampler>(env, "signalSampler"));
}

}  // namespace gna::addon
