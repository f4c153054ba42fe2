// A decoded HAMi sweep as JavaScript objects.

#include <algorithm>
#include <string>

#include "addon/errors.h"
#include "addon/records_objects.h"
#include "core/hami/encoding.h"

namespace gna::addon {

namespace {

Napi::Number number(Napi::Env env, auto value) { return Napi::Number::New(env, static_cast<double>(value)); }

Napi::Value optionalNumber(Napi::Env env, const auto& value) {
  return value ? Napi::Value(number(env, *value)) : env.Undefined();
}

Napi::String string(Napi::Env env, std::string_view text) {
  // UUID fields are padded with zeros.
  return Napi::String::New(env, text.data(), std::min(text.find('\0'), text.size()));
}

Napi::Object deviceObject(Napi::Env env, const hami::DeviceUsage& device) {
  Napi::Object o = Napi::Object::New(env);
  o.Set("uuid", string(env, device.uuidText()));
  o.Set("plausible", device.plausible());
  o.Set("usedBytes", number(env, device.usedBytes));
  o.Set("contextBytes", number(env, device.contextBytes));
  o.Set("moduleBytes", number(env, device.moduleBytes));
  o.Set("bufferBytes", number(env, device.bufferBytes));
  o.Set("driverReportedBytes", number(env, device.driverReportedBytes));
  o.Set("limitBytes", number(env, device.limitBytes));
  o.Set("memoryLimited", device.memoryLimited());
  o.Set("smUtilPercent", optionalNumber(env, device.smUtilPercent));
  o.Set("smLimitPercent", number(env, device.smLimitPercent));
  o.Set("smLimited", device.smLimited());
  return o;
}

Napi::Object processObject(Napi::Env env, const hami::ProcessUsage& process) {
  Napi::Object o = Napi::Object::New(env);
  o.Set("pid", number(env, process.pid));
  o.Set("hostPid", optionalNumber(env, process.hostPid));
  o.Set("status", number(env, process.status));
  return o;
}

template <typename Items, typename Convert>
Napi::Array arrayOf(Napi::Env env, const Items& items, Convert convert) {
  Napi::Array array = Napi::Array::New(env, items.size());
  for (std::uint32_t i = 0; i < items.size(); ++i) array.Set(i, convert(env, items[i]));
  return array;
}

Napi::Object containerObject(Napi::Env env, const hami::ContainerUsage& container) {
  const hami::FileUsage& usage = container.usage;
  const bool read = container.refusal == hami::Refusal::none;
  const hami::Layout* layout = hami::layoutById(static_cast<std::uint32_t>(usage.layout));
  Napi::Object o = Napi::Object::New(env);
  o.Set("root", number(env, container.root));
  o.Set("podUid", string(env, container.podUid));
  o.Set("container", string(env, container.container));
  o.Set("refusal", read ? Napi::String::New(env, "") : string(env, hami::refusalCode(container.refusal)));
  o.Set("ordinary", hami::isOrdinary(container.refusal));
  o.Set("layout", read && layout != nullptr ? string(env, layout->name) : Napi::String::New(env, ""));
  o.Set("priority", number(env, usage.priority));
  o.Set("recentKernel", number(env, usage.recentKernel));
  o.Set("utilizationSwitch", number(env, usage.utilizationSwitch));
  o.Set("lastKernelUnixSeconds", optionalNumber(env, usage.lastKernelUnixSeconds));
  o.Set("processTotal", number(env, usage.slotsCounted));
  o.Set("devices", arrayOf(env, usage.devices, deviceObject));
  o.Set("processes", arrayOf(env, usage.processes, processObject));
  return o;
}

}  // namespace

Napi::Object hamiObject(Napi::Env env, const Copied& record) {
  hami::DecodedSweep sweep;
  if (const char* problem = hami::decode(record.words, sweep)) throw codedError(env, "SEGMENT_CORRUPT", problem);
  Napi::Object o = Napi::Object::New(env);
  o.Set("published", number(env, record.published));
  o.Set("sweptMonotonicNs", number(env, sweep.sweptNs));
  o.Set("truncated", sweep.truncated());
  o.Set("containers", arrayOf(env, sweep.containers, containerObject));
  return o;
}

}  // namespace gna::addon
