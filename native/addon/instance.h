#pragma once
// What belongs to one environment (one isolate: the main thread or a worker). There is no global state: two copies of
// the addon and several workers do not see each other.

#include <napi.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "core/clock/clock.h"

namespace gna::addon {

/// Data of one environment. Created when the addon is loaded there, deleted when the environment goes.
struct Instance {
  /// Samplers started here and not yet reaped: only these are polled and signalled.
  std::set<int> samplers;
  /// Clocks by file, mapped once; the empty name is the kernel's clock.
  std::map<std::string, std::unique_ptr<Clock>> clocks;
  Napi::FunctionReference segmentReader;

  static Instance& of(Napi::Env env) { return *env.GetInstanceData<Instance>(); }
};

}  // namespace gna::addon
