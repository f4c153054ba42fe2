#include "disturbance.h"

#include <cstring>
#include <map>

#include "core/nvml/abi.h"
#include "core/readings/readings.h"
#include "core/shm/records.h"

namespace gna::sweep {

namespace {

using nvml::Call;
using nvml::Return;

/// What the functions below answer. The sweep runs on one thread.
struct Answering {
  Return code = 0;
  Return (*fields)(nvml::Device, std::int32_t, nvml::FieldValue*) = nullptr;
  Return (*metrics)(void*) = nullptr;
  std::map<Cause, Return> entries;
  std::map<Cause, std::uint64_t> asked;

  void answer(const Cause& cause, Return& own) {
    ++asked[cause];
    if (const auto found = entries.find(cause); found != entries.end()) own = found->second;
  }
};

Answering& now() {
  static Answering answering;
  return answering;
}

// In the place of a function with any arguments: callers of the C convention need nothing of the callee.
Return answerCode() { return now().code; }

Return answerFields(nvml::Device device, std::int32_t count, nvml::FieldValue* values) {
  const Return code = now().fields(device, count, values);
  for (std::int32_t i = 0; i < count; ++i)
    now().answer({Call::DeviceGetFieldValues, values[i].fieldId}, values[i].nvmlReturn);
  return code;
}

Return answerMetrics(void* request) {
  const Return code = now().metrics(request);
  nvml::GpmMetricsGetHead head;
  std::memcpy(&head, request, sizeof head);
  char* at = static_cast<char*>(request) + sizeof head;
  for (std::uint32_t i = 0; i < head.numMetrics; ++i, at += sizeof(nvml::GpmMetric)) {
    nvml::GpmMetric metric;
    std::memcpy(&metric, at, sizeof metric);
    now().answer({Call::GpmMetricsGet, metric.metricId}, metric.nvmlReturn);
    std::memcpy(at, &metric, sizeof metric);
  }
  return code;
}

template <typename F>
void* pointer(F function) {
  return reinterpret_cast<void*>(function);
}

}  // namespace

std::string Cause::name() const {
  if (entry == 0) return nvml::kCallSymbols[nvml::index(call)];
  return (call == Call::GpmMetricsGet ? "GPM " : "FI ") + std::to_string(entry);
}

std::vector<Answer> allAnswers() {
  std::vector<Answer> all{{0, true}};
  for (Return code = 1; code <= 30; ++code) all.push_back({code});
  for (const Return code : {77u, 200u, 201u, 999u, 1000u}) all.push_back({code});
  return all;
}

std::vector<Answer> representativeAnswers(bool ofEntry) {
  if (ofEntry) return {{3}, {15}};
  return {{0, true}, {1}, {3}, {6}, {10}, {15}, {25}, {1000}};
}

bool isUnsupported(const Answer& answer) {
  for (const Return code : {3u, 4u, 12u, 13u, 22u, 25u, 26u})
    if (answer.code == code) return true;
  return answer.missing;
}

bool isOlder(const Answer& answer) { return answer.missing || answer.code == 13 || answer.code == 25; }

// 2 is ours or a stale handle's, 21 an answer.
bool isPassing(const Answer& answer) { return !isUnsupported(answer) && answer.code != 2 && answer.code != 21; }

bool takesGpu(const Answer& answer) {
  return !answer.missing && (answer.code == 8 || answer.code == 11 || answer.code == 15 || answer.code == 16);
}

bool asksDriver(const Answer& answer) {
  return !answer.missing && (answer.code == 1 || answer.code == 9 || answer.code == 18 || answer.code == 28);
}

std::uint8_t statusFor(const Answer& answer) {
  if (answer.missing) return reading_status::kSymbolMissing;
  return answer.code > 200 ? reading_status::kUnknownError : static_cast<std::uint8_t>(answer.code);
}

std::size_t slotFor(const Answer& answer) { return answer.code <= 30 ? answer.code : answer.code == 999 ? 31 : 32; }

DisturbedDriver::DisturbedDriver(const nvml::Library& driver) : driver_(driver), library_(driver) {
  now() = {};
  now().fields = driver.get<Return (*)(nvml::Device, std::int32_t, nvml::FieldValue*)>(Call::DeviceGetFieldValues);
  now().metrics = driver.get<Return (*)(void*)>(Call::GpmMetricsGet);
  for (const Call call : {Call::DeviceGetFieldValues, Call::GpmMetricsGet}) clear({call});
}

void DisturbedDriver::set(const Cause& cause, const Answer& answer) {
  if (cause.entry != 0) {
    now().entries[cause] = answer.code;
    return;
  }
  now().code = answer.code;
  library_.replace(cause.call, answer.missing ? nullptr : pointer(&answerCode));
}

void DisturbedDriver::clear(const Cause& cause) {
  if (cause.entry != 0) {
    now().entries.erase(cause);
    return;
  }
  void* own = driver_.get<void*>(cause.call);
  if (own && cause.call == Call::DeviceGetFieldValues) own = pointer(&answerFields);
  if (own && cause.call == Call::GpmMetricsGet) own = pointer(&answerMetrics);
  library_.replace(cause.call, own);
}

std::uint64_t DisturbedDriver::entryAsked(const Cause& cause) const {
  const auto found = now().asked.find(cause);
  return found == now().asked.end() ? 0 : found->second;
}

std::vector<Cause> DisturbedDriver::entriesAsked() const {
  std::vector<Cause> all;
  for (const auto& [cause, times] : now().asked) all.push_back(cause);
  return all;
}

}  // namespace gna::sweep
