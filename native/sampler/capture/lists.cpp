// Answers that are lists: process lists, samples, field values, MIG instances, activity.

#include <algorithm>
#include <cstring>
#include <ctime>
#include <utility>
#include <vector>

#include "core/nvml/gpm_sampler.h"
#include "core/nvml/process_list.h"
#include "core/nvml/return_code.h"
#include "sampler/capture/recorder.h"

namespace gna::capture {

using namespace nvml;

namespace {

constexpr std::uint32_t kMostProcesses = 4096;
constexpr std::uint32_t kMostSamples = 4096;
constexpr std::uint32_t kMostLinks = 32;
constexpr std::uint32_t kLastField = 302;  // of header 13.3; ids a driver does not know it refuses one by one
constexpr std::uint32_t kLinkCountField = 91, kC2cLinkCountField = 170;
constexpr std::uint32_t kPcieLanes = 16;
constexpr std::uint32_t kLastMetric = 332;  // of header 13.3

std::uint64_t wordOf(const void* address) { return reinterpret_cast<std::uint64_t>(address); }

/// Calls until the list fits, with twice the room each time. `ask` is given the room and answers what came of it.
template <typename Ask>
Return untilItFits(std::uint32_t most, Ask ask) {
  std::uint32_t room = 64;
  Return code = ask(room);
  while (code == kErrorInsufficientSize && room < most) code = ask(room *= 4);
  return code;
}

}  // namespace

void Recorder::processes(const About& about, Device device) {
  for (const Call id : {Call::DeviceGetComputeRunningProcesses_v3, Call::DeviceGetComputeRunningProcesses_v2,
                        Call::DeviceGetComputeRunningProcesses, Call::DeviceGetGraphicsRunningProcesses_v3,
                        Call::DeviceGetGraphicsRunningProcesses_v2, Call::DeviceGetGraphicsRunningProcesses,
                        Call::DeviceGetMPSComputeRunningProcesses_v3, Call::DeviceGetMPSComputeRunningProcesses_v2,
                        Call::DeviceGetMPSComputeRunningProcesses})
    processList(id, about, device);
}

void Recorder::processList(Call id, const About& about, Device device) {
  JsonWriter json;
  if (!begin(json, "processes", id, about)) return;
  ProcessBuffer buffer;
  std::uint32_t count = 0;
  Durations durations;
  const Return code = untilItFits(kMostProcesses, [&](std::uint32_t room) {
    buffer.resize(room);
    durations = {};
    return timed(id, {wordOf(device), wordOf(&count), wordOf(buffer.data())}, durations, [&] {
      buffer.fillWithSentinel();
      count = room;
    });
  });
  if (code == kSuccess && count <= buffer.entries()) {
    const std::size_t stride = strideFromWritten(buffer.data(), buffer.size(), count).value_or(0);
    json.member("count", count).member("entry_bytes", stride);
    json.key("bytes").beginArray().value(hexText(buffer.data(), stride * count)).endArray();
  }
  end(json, code, durations);
}

void Recorder::processUse(const About& about, Device device) {
  JsonWriter json;
  if (begin(json, "process_utilization", Call::DeviceGetProcessesUtilizationInfo, about)) {
    std::vector<ProcessUtilizationInfo_v1> entries;
    ProcessesUtilizationInfo_v1 info{};
    Durations durations;
    const Return code = untilItFits(kMostProcesses, [&](std::uint32_t room) {
      entries.assign(room, {});
      durations = {};
      return timed(Call::DeviceGetProcessesUtilizationInfo, {wordOf(device), wordOf(&info)}, durations, [&] {
        info = {kProcessesUtilizationInfo_v1Version, room, 0, entries.data()};
      });
    });
    if (code == kSuccess && info.processSamplesCount <= entries.size()) {
      json.member("count", info.processSamplesCount).member("entry_bytes", sizeof entries[0]);
      json.key("bytes").beginArray();
      json.value(hexText(entries.data(), sizeof entries[0] * info.processSamplesCount)).endArray();
    }
    end(json, code, durations);
  }
  JsonWriter older;
  if (!begin(older, "process_utilization", Call::DeviceGetProcessUtilization, about)) return;
  std::vector<ProcessUtilizationSample> entries;
  std::uint32_t count = 0;
  Durations durations;
  const Return code = untilItFits(kMostProcesses, [&](std::uint32_t room) {
    entries.assign(room, {});
    durations = {};
    return timed(Call::DeviceGetProcessUtilization, {wordOf(device), wordOf(entries.data()), wordOf(&count), 0},
                 durations, [&] { count = room; });
  });
  if (code == kSuccess && count <= entries.size()) {
    older.member("count", count).member("entry_bytes", sizeof entries[0]);
    older.key("bytes").beginArray().value(hexText(entries.data(), sizeof entries[0] * count)).endArray();
  }
  end(older, code, durations);
}

void Recorder::samples(const About& about, Device device) {
  constexpr std::uint32_t kSampleTypes = 10;
  for (std::uint32_t type = 0; type < kSampleTypes; ++type) {
    JsonWriter json;
    if (!begin(json, "samples", Call::DeviceGetSamples, about)) return;
    json.key("arguments").beginArray().value(type).endArray();
    std::vector<Sample> entries;
    std::uint32_t count = 0, valueType = 0;
    Durations durations;
    const Return code = untilItFits(kMostSamples, [&](std::uint32_t room) {
      entries.assign(std::size_t{room} * 4, {});
      durations = {};
      return timed(Call::DeviceGetSamples,
                   {wordOf(device), type, 0, wordOf(&valueType), wordOf(&count), wordOf(entries.data())}, durations,
                   [&] { count = static_cast<std::uint32_t>(entries.size()); });
    });
    if (code == kSuccess && count <= entries.size()) {
      json.member("value_type", valueType).member("count", count).member("entry_bytes", sizeof entries[0]);
      json.key("bytes").beginArray().value(hexText(entries.data(), sizeof entries[0] * count)).endArray();
    }
    end(json, code, durations);
  }
}

/// Every field with every scope that means something. Number of NVLinks.
std::uint32_t Recorder::fields(const About& about, Device device) {
  const std::uint32_t links = std::min(kMostLinks, fieldsOf(about, device, 0, kLinkCountField));
  const std::uint32_t chipLinks = std::min(kMostLinks, fieldsOf(about, device, 0, kC2cLinkCountField));
  fieldsOf(about, device, 0, 0);
  // Scopes are links, lanes of the slot, or parts of the board; which, depends on the field.
  const std::uint32_t scopes = std::max({links, chipLinks, kPcieLanes});
  for (std::uint32_t scope = 1; scope < scopes; ++scope) fieldsOf(about, device, scope, 0);
  fieldsOf(about, device, kAllLinks, 0);
  return links;
}

/// Asks for field `wanted` and returns its number, 0 where there is none; with 0 all fields are asked and recorded.
std::uint32_t Recorder::fieldsOf(const About& about, Device device, std::uint32_t scope, std::uint32_t wanted) {
  std::vector<FieldValue> values;
  for (std::uint32_t id = wanted ? wanted : 1; id <= (wanted ? wanted : kLastField); ++id) {
    FieldValue value{};
    value.fieldId = id;
    value.scopeId = scope;
    value.nvmlReturn = kErrorUnknown;
    values.push_back(value);
  }
  const Words words{wordOf(device), values.size(), wordOf(values.data())};
  if (wanted) {
    const Return code = call(Call::DeviceGetFieldValues, words);
    const FieldValue& value = values[0];
    return code == kSuccess && value.nvmlReturn == kSuccess && value.valueType == kValueTypeUnsignedInt
               ? value.value.uiVal
               : 0;
  }
  JsonWriter json;
  if (!begin(json, "fields", Call::DeviceGetFieldValues, about)) return 0;
  json.member("scope", scope);
  Durations durations;
  const auto asked = values;
  const Return code = timed(Call::DeviceGetFieldValues, words, durations,
                            [&] { std::copy(asked.begin(), asked.end(), values.begin()); });
  if (code == kSuccess) {
    // Number, type and eight bytes of those that answered; numbers of the others by their code.
    json.key("values").beginArray();
    for (const FieldValue& value : values)
      if (value.nvmlReturn == kSuccess)
        json.beginArray()
            .value(value.fieldId)
            .value(value.valueType)
            .value(hexText(&value.value, sizeof value.value))
            .endArray();
    json.endArray();
    json.key("refused").beginObject();
    std::vector<Return> codes;
    codes.reserve(values.size());
    for (const FieldValue& value : values) codes.push_back(value.nvmlReturn);
    std::sort(codes.begin(), codes.end());
    codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
    for (const Return refusal : codes) {
      if (refusal == kSuccess) continue;
      json.key(std::to_string(refusal)).beginArray();
      for (const FieldValue& value : values)
        if (value.nvmlReturn == refusal) json.value(value.fieldId);
      json.endArray();
    }
    json.endObject();
  }
  end(json, code, durations);
  return 0;
}

/// How many more instances fit, of the profiles the GPU has; of profile 0 where it has none.
void Recorder::capacity(const About& about, Device device) {
  std::vector<std::uint32_t> ids;
  for (std::uint32_t number = 0; number < kGpuInstanceProfileCount; ++number) {
    GpuInstanceProfileInfo profile{};
    const Return code = call(Call::DeviceGetGpuInstanceProfileInfo, {wordOf(device), number, wordOf(&profile)});
    if (code == kSuccess) ids.push_back(profile.id);
  }
  if (ids.empty()) ids.push_back(0);
  for (const std::uint32_t id : ids) {
    JsonWriter json;
    if (!begin(json, "answer", Call::DeviceGetGpuInstanceRemainingCapacity, about)) return;
    json.key("arguments").beginArray().value(id).endArray();
    std::uint32_t count = 0;
    Durations durations;
    const Return code = timed(Call::DeviceGetGpuInstanceRemainingCapacity, {wordOf(device), id, wordOf(&count)},
                              durations, [&] { count = 0; });
    if (code == kSuccess) json.key("bytes").beginArray().value(hexText(&count, sizeof count)).endArray();
    end(json, code, durations);
  }
}

void Recorder::instances(const About& about, Device device) {
  std::uint32_t slots = std::min<std::uint32_t>(64, countFrom(Call::DeviceGetMaxMigDeviceCount, device));
  std::vector<std::uint32_t> known;
  for (std::uint32_t slot = 0; slot < slots; ++slot) {
    About instance = about;
    instance.mig = slot;
    Device handle = nullptr;
    JsonWriter json;
    if (!begin(json, "answer", Call::DeviceGetMigDeviceHandleByIndex, about)) return;
    json.key("arguments").beginArray().value(slot).endArray();
    Durations durations;
    const Return code = timed(Call::DeviceGetMigDeviceHandleByIndex, {wordOf(device), slot, wordOf(&handle)}, durations,
                              [&] { handle = nullptr; });
    end(json, code, durations);
    if (code != kSuccess || !handle) continue;
    forAll(Subject::gpuAndMig, instance, handle);
    forAll(Subject::mig, instance, handle);
    processes(instance, handle);
    std::uint32_t id = 0;
    if (call(Call::DeviceGetGpuInstanceId, {wordOf(handle), wordOf(&id)}) != kSuccess) continue;
    if (std::find(known.begin(), known.end(), id) == known.end()) known.push_back(id);
  }
  for (const std::uint32_t id : known) {
    About instance = about;
    instance.gpuInstance = id;
    GpuInstance handle = nullptr;
    JsonWriter json;
    if (!begin(json, "answer", Call::DeviceGetGpuInstanceById, about)) return;
    json.key("arguments").beginArray().value(id).endArray();
    Durations durations;
    const Return code = timed(Call::DeviceGetGpuInstanceById, {wordOf(device), id, wordOf(&handle)}, durations,
                              [&] { handle = nullptr; });
    end(json, code, durations);
    if (code == kSuccess && handle) forAll(Subject::gpuInstance, instance, handle);
    activity(instance, device);
  }
}

/// Of the whole GPU, or of the GPU instance that `about` names.
void Recorder::activity(const About& about, Device device) {
  GpmSupport support{kGpmVersion, 0};
  if (call(Call::GpmQueryDeviceSupport, {wordOf(device), wordOf(&support)}) != kSuccess || !support.isSupportedDevice)
    return;
  std::array<GpmSample, 2> pair{};
  const auto release = [&] {
    for (GpmSample& sample : pair)
      if (sample) call(Call::GpmSampleFree, {wordOf(std::exchange(sample, nullptr))});
  };
  bool ready = true;
  for (GpmSample& sample : pair) ready = ready && call(Call::GpmSampleAlloc, {wordOf(&sample)}) == kSuccess;
  JsonWriter json;
  if (!ready || !begin(json, "activity", Call::GpmMetricsGet, about)) return release();
  constexpr timespec kBetween{0, 150'000'000};
  const auto take = [&](GpmSample sample) {
    return about.gpuInstance ? call(Call::GpmMigSampleGet, {wordOf(device), *about.gpuInstance, wordOf(sample)})
                             : call(Call::GpmSampleGet, {wordOf(device), wordOf(sample)});
  };
  Return code = take(pair[0]);
  nanosleep(&kBetween, nullptr);
  if (code == kSuccess) code = take(pair[1]);
  GpmRequest request;
  for (std::uint32_t metric = 1; metric <= kLastMetric; ++metric) request.add(metric);
  Durations durations;
  if (code == kSuccess) {
    void* memory = request.prepare(pair[0], pair[1]);
    code = timed(Call::GpmMetricsGet, {wordOf(memory)}, durations, [&] { request.prepare(pair[0], pair[1]); });
  }
  if (code == kSuccess) {
    json.key("metrics").beginArray();
    for (std::size_t i = 0; i < request.size(); ++i) {
      const GpmMetric metric = request.answer(i);
      json.beginArray().value(metric.metricId).value(metric.nvmlReturn);
      if (metric.nvmlReturn == kSuccess) {
        json.value(hexText(&metric.value, sizeof metric.value));
        json.value(metric.unit ? std::string_view(metric.unit, strnlen(metric.unit, 16)) : std::string_view{});
      }
      json.endArray();
    }
    json.endArray();
  }
  end(json, code, durations);
  release();
}

}  // namespace gna::capture
