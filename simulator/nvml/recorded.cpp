// The functions that callers see where an answer may be a recorded one.
#include <cstring>
#include <optional>
#include <tuple>
#include <type_traits>

#include "frame.h"
#include "parameters.h"

namespace simulator {

std::uint32_t indexOf(OtherDeviceHandle handle) {
  constexpr std::uint32_t kNoGpu = 0xFFFFFFFFU;
  HandleParts parts{};
  return decodeHandle(handle, parts) && parts.migCreation == 0 ? parts.gpu : kNoGpu;
}

namespace {

/// Whom a call is about; gpu -1 while its first parameter is no handle.
struct Asked {
  bool onDevice = false;
  bool onInstance = false;
  void* handle = nullptr;
};

RecordedAnswers::Subject subjectOf(const View& view, const Asked& asked) {
  HandleParts parts{};
  const bool known = asked.onInstance ? decodeInstance(InstanceKind::Gpu, asked.handle, parts)
                                      : asked.onDevice && decodeHandle(asked.handle, parts);
  RecordedAnswers::Subject subject;
  if (!known || parts.gpu >= view.gpus.size()) return subject;
  subject.gpu = static_cast<std::int32_t>(parts.gpu);
  if (parts.migCreation == 0) return subject;
  const auto& slots = view.gpus[parts.gpu].migInstances;
  for (std::size_t slot = 0; slot < slots.size(); ++slot) {
    const std::optional<MigInstance>& instance = slots[slot];
    if (!instance || (instance->creation & 0xFFFFU) != parts.migCreation) continue;
    if (asked.onInstance) {
      subject.gpuInstance = static_cast<std::int32_t>(instance->gpuInstance);
    } else {
      subject.mig = static_cast<std::int32_t>(slot);
    }
  }
  return subject;
}

Return give(const RecordedAnswer& answer, const Parameters& parameters) {
  if (answer.code != kSuccess) return answer.code;
  for (std::size_t i = 0; i < parameters.filled.size() && i < answer.filled.size(); ++i) {
    const Parameters::Filled& to = parameters.filled[i];
    if (to.place == nullptr) return kInvalidArgument;
    if (to.isText && to.bytes != 0 && to.bytes < answer.filled[i].size()) return kInsufficientSize;
    std::memcpy(to.place, answer.filled[i].data(), answer.filled[i].size());
  }
  return kSuccess;
}

/// Gives the recorded answer, after everything else that may come of a call: not initialised, a stale handle, a fault.
Return giveRecorded(const char* function, const Asked& asked, const RecordedAnswer& answer,
                    const Parameters& parameters) {
  const auto body = [&](const auto&) { return give(answer, parameters); };
  if (asked.onInstance) return onInstance(function, InstanceKind::Gpu, asked.handle, body);
  if (asked.onDevice) return onDevice(function, asked.handle, Accepts::Both, body);
  return onNode(function, body);
}

template <bool RefusalsAlone, class... Types>
Return answer(const char* function, Return (*written)(Types...), Asked asked, Types... values) {
  Library& library = Library::instance();
  if (!library.hasRecordedAnswers()) return written(values...);
  const auto view = library.view();
  const std::tuple all(values...);
  const auto parameters = [&] {
    const auto of = [](auto... each) {
      if constexpr (RefusalsAlone) {
        // Only numbers choose: pointers of these lead to lists and handles.
        Parameters chosen;
        const auto number = [&](auto value) {
          if constexpr (std::is_integral_v<decltype(value)>) noteOne(chosen, value);
        };
        (number(each), ...);
        return chosen;
      } else {
        return parametersOf(each...);
      }
    };
    if (asked.onDevice || asked.onInstance) {
      return std::apply([&](auto, auto... rest) { return of(rest...); }, all);
    }
    return std::apply(of, all);
  }();
  const RecordedAnswer* recorded = view->recorded.answer(function, subjectOf(*view, asked), parameters.arguments);
  if (recorded == nullptr || (RefusalsAlone && recorded->code == kSuccess)) return written(values...);
  return giveRecorded(function, asked, *recorded, parameters);
}

/// Devices and GPU instances are both `void*`: which one a function takes is in its name.
template <class First>
Asked askedOf(const char* function, First first) {
  if constexpr (std::is_same_v<First, DeviceHandle>) {
    const bool instance = std::strncmp(function, "nvmlGpuInstance", sizeof "nvmlGpuInstance" - 1) == 0;
    return {!instance, instance, first};
  } else {
    return {};
  }
}

}  // namespace
}  // namespace simulator

using namespace simulator;

// The written functions under the names they have in the object files.
#define ANSWER1(refusals, name, A)       \
  extern "C" Return simulated_##name(A); \
  NVML_API Return name(A a) { return answer<refusals, A>(#name, simulated_##name, askedOf(#name, a), a); }
#define ANSWER2(refusals, name, A, B)       \
  extern "C" Return simulated_##name(A, B); \
  NVML_API Return name(A a, B b) { return answer<refusals, A, B>(#name, simulated_##name, askedOf(#name, a), a, b); }
#define ANSWER3(refusals, name, A, B, C)                                                   \
  extern "C" Return simulated_##name(A, B, C);                                             \
  NVML_API Return name(A a, B b, C c) {                                                    \
    return answer<refusals, A, B, C>(#name, simulated_##name, askedOf(#name, a), a, b, c); \
  }
#define ANSWER4(refusals, name, A, B, C, D)                                                      \
  extern "C" Return simulated_##name(A, B, C, D);                                                \
  NVML_API Return name(A a, B b, C c, D d) {                                                     \
    return answer<refusals, A, B, C, D>(#name, simulated_##name, askedOf(#name, a), a, b, c, d); \
  }
#define ANSWER5(refusals, name, A, B, C, D, E)                                                         \
  extern "C" Return simulated_##name(A, B, C, D, E);                                                   \
  NVML_API Return name(A a, B b, C c, D d, E e) {                                                      \
    return answer<refusals, A, B, C, D, E>(#name, simulated_##name, askedOf(#name, a), a, b, c, d, e); \
  }
#define ANSWER6(refusals, name, A, B, C, D, E, F)                                                            \
  extern "C" Return simulated_##name(A, B, C, D, E, F);                                                      \
  NVML_API Return name(A a, B b, C c, D d, E e, F f) {                                                       \
    return answer<refusals, A, B, C, D, E, F>(#name, simulated_##name, askedOf(#name, a), a, b, c, d, e, f); \
  }
#define RECORDED1(name, ...) ANSWER1(false, name, __VA_ARGS__)
#define RECORDED2(name, ...) ANSWER2(false, name, __VA_ARGS__)
#define RECORDED3(name, ...) ANSWER3(false, name, __VA_ARGS__)
#define RECORDED4(name, ...) ANSWER4(false, name, __VA_ARGS__)
#define RECORDED5(name, ...) ANSWER5(false, name, __VA_ARGS__)
#define REFUSED2(name, ...) ANSWER2(true, name, __VA_ARGS__)
#define REFUSED3(name, ...) ANSWER3(true, name, __VA_ARGS__)
#define REFUSED4(name, ...) ANSWER4(true, name, __VA_ARGS__)
#define REFUSED6(name, ...) ANSWER6(true, name, __VA_ARGS__)
#include "recorded.def"
