// How the C library keeps the memory it hands out. A process-wide matter: only the service asks for it, at its start.

#include <malloc.h>

#include "addon/arguments.h"
#include "addon/exports.h"

namespace gna::addon {

namespace {

Napi::Value limitArenas(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto count = static_cast<int>(wholeNumber(env, info[0], "count", 1, 1024));
#ifdef M_ARENA_MAX
  return Napi::Boolean::New(env, mallopt(M_ARENA_MAX, count) == 1);
#else
  static_cast<void>(count);  // musl has one heap
  return Napi::Boolean::New(env, false);
#endif
}

Napi::Value returnFreeMemory(const Napi::CallbackInfo& info) {
#ifdef __GLIBC__
  return Napi::Boolean::New(info.Env(), malloc_trim(0) == 1);
#else
  return Napi::Boolean::New(info.Env(), false);
#endif
}

}  // namespace

void initMalloc(Napi::Env env, Napi::Object exports) {
  exports.Set("limitArenas", Napi::Function::New<limitArenas>(env, "limitArenas"));
  exports.Set("returnFreeMemory", Napi::Function::New<returnFreeMemory>(env, "returnFreeMemory"));
}

}  // namespace gna::addon
