#include "addon/own_thread.h"

#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

#include "addon/errors.h"

namespace gna::addon {

namespace {

/// Shared by the thread and the environment; whoever goes last deletes it.
struct Errand {
  std::mutex mutex;
  bool open = true;  // false: the environment is going or gone, `wake` must not be touched
  napi_threadsafe_function wake = nullptr;
  Answer answer;
};

/// Lives on the JavaScript side: holds what only that thread may touch.
struct Waiting {
  std::shared_ptr<Errand> errand;
  Napi::Promise::Deferred deferred;
};

// Cleanup hooks run in reverse order: this one, added after the thread-safe function was made, runs before Node takes
// that function away. Nodes before 24 delete it although threads still hold it, hence the flag and not its reference
// count.
void closeErrand(void* data) {
  auto* waiting = static_cast<Waiting*>(data);
  {
    const std::lock_guard lock{waiting->errand->mutex};
    waiting->errand->open = false;
  }
  delete waiting;
}

void settle(Napi::Env env, const Waiting& waiting) {
  const Napi::HandleScope scope{env};
  try {
    waiting.deferred.Resolve(waiting.errand->answer(env));
  } catch (const Napi::Error& error) {
    waiting.deferred.Reject(error.Value());
  } catch (const std::exception& error) {
    waiting.deferred.Reject(Napi::Error::New(env, error.what()).Value());
  }
}

void deliver(napi_env rawEnv, napi_value, void* context, void*) {
  if (rawEnv == nullptr) return;  // the environment is going: closeErrand tidies up
  const Napi::Env env{rawEnv};
  std::unique_ptr<Waiting> waiting{static_cast<Waiting*>(context)};
  napi_remove_env_cleanup_hook(rawEnv, closeErrand, waiting.get());
  {
    const std::lock_guard lock{waiting->errand->mutex};
    waiting->errand->open = false;
  }
  try {
    settle(env, *waiting);
  } catch (const Napi::Error&) {
    // A worker that is being terminated refuses every call into it, a rejection too; nobody waits there any more.
  }
  napi_release_threadsafe_function(waiting->errand->wake, napi_tsfn_release);
}

}  // namespace

Napi::Promise onOwnThread(Napi::Env env, const char* name, std::function<Answer()> work) {
  auto errand = std::make_shared<Errand>();
  auto waiting = std::make_unique<Waiting>(Waiting{errand, Napi::Promise::Deferred::New(env)});
  const Napi::Promise promise = waiting->deferred.Promise();
  if (napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, name), 0, 1, nullptr, nullptr,
                                      waiting.get(), deliver, &errand->wake) != napi_ok)
    throw codedError(env, "ERR_OUT_OF_RESOURCES", std::string(name) + ": no thread-safe function could be made");
  napi_add_env_cleanup_hook(env, closeErrand, waiting.get());
  try {
    std::thread([errand, work = std::move(work)] {
      Answer answer;
      try {
        answer = work();
      } catch (const std::exception& error) {
        answer = [message = std::string(error.what())](Napi::Env e) -> Napi::Value {
          throw Napi::Error::New(e, message);
        };
      }
      const std::lock_guard lock{errand->mutex};
      if (!errand->open) return;
      errand->answer = std::move(answer);
      napi_call_threadsafe_function(errand->wake, nullptr, napi_tsfn_nonblocking);
    }).detach();
  } catch (const std::system_error& error) {
    napi_remove_env_cleanup_hook(env, closeErrand, waiting.get());
    napi_release_threadsafe_function(errand->wake, napi_tsfn_abort);
    throw systemError(env, "pthread_create", error.code().value());
  }
  static_cast<void>(waiting.release());  // deliver or closeErrand deletes it
  return promise;
}

}  // namespace gna::addon
