// The injected clock, for JavaScript.

#include "addon/arguments.h"
#include "addon/errors.h"
#include "addon/exports.h"
#include "addon/instance.h"

namespace gna::addon {

namespace {

const Clock& clockOf(Napi::Env env, const std::string& file) {
  auto& clocks = Instance::of(env).clocks;
  if (const auto known = clocks.find(file); known != clocks.end()) return *known->second;
  auto clock = file.empty() ? std::make_unique<Clock>() : std::make_unique<Clock>(file);
  if (!clock->valid()) throw codedError(env, "CLOCK_UNREADABLE", clock->error());
  return *clocks.emplace(file, std::move(clock)).first->second;
}

Napi::Value clockNow(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Clock& clock = clockOf(env, optionalText(env, info[0], "clockFile").value_or(""));
  Napi::Object result = Napi::Object::New(env);
  result.Set("monotonicNs", Napi::Number::New(env, static_cast<double>(clock.monotonicNs())));
  result.Set("realtimeNs", Napi::Number::New(env, static_cast<double>(clock.realtimeNs())));
  return result;
}

}  // namespace

void initClock(Napi::Env env, Napi::Object exports) {
  exports.Set("clockNow", Napi::Function::New<clockNow>(env, "clockNow"));
}

}  // namespace gna::addon
