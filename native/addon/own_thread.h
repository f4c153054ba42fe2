#pragma once
// Work on a thread of its own, answered by a promise. Not on libuv's pool: a pool thread asleep in the kernel keeps
// process.exit waiting for ever, and four of them end all file access of the process.

#include <napi.h>

#include <functional>

namespace gna::addon {

/// Made on the worker thread, called on the JavaScript thread: turns what was found into a value. May throw.
using Answer = std::function<Napi::Value(Napi::Env)>;

/// Runs `work` on a new detached thread and returns a promise for what its answer gives. `work` must not touch Node:
/// arguments are copied into it. When the environment goes first, the answer is dropped and the thread, which may
/// never return, touches nothing that went with it.
Napi::Promise onOwnThread(Napi::Env env, const char* name, std::function<Answer()> work);

}  // namespace gna::addon
