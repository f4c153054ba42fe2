// What the addon exports, in order. Declared and documented in src/native/addon.ts.

#include <napi.h>

#include "addon/exports.h"
#include "addon/exposition_wrap.h"
#include "addon/instance.h"
#include "core/shm/records.h"

namespace {

/// Version of what crosses into JavaScript: functions, shapes of objects, layout of the shared memory behind them.
/// load-addon.ts expects the same number, so that halves of two builds are told apart before one misreads the other.
constexpr int kInterfaceVersion = 13;
static_assert(gna::shm::kLayoutVersion == 10, "another layout is another interface: raise kInterfaceVersion too");

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new gna::addon::Instance);
  exports.Set("abi", Napi::Number::New(env, kInterfaceVersion));
  gna::addon::initSamplers(env, exports);
  gna::addon::initSegmentReader(env, exports);
  gna::addon::initEngine(env, exports);
  gna::addon::initProcfs(env, exports);
  gna::addon::initDescriptors(env, exports);
  gna::addon::initClock(env, exports);
  gna::addon::initMalloc(env, exports);
  gna::addon::initNotify(env, exports);
  gna::addon::initExposition(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(gpu_node_agent, initialize)
