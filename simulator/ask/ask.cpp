// Asks a driver library the questions of a capture: `ask LIBRARY`, one question a line on the standard input, one
// answer a line on the standard output. The import uses it to find out which answers of a capture a scenario's
// attributes give already.
//
//   answer FUNCTION GPU MIG GPU-INSTANCE ARGUMENT...   GPU, MIG and GPU-INSTANCE are numbers, or - for none
//     -> CODE HEX...                                   one text for each pointer that was filled
//   fields GPU SCOPE LAST                              every field from 1 to LAST
//     -> CODE ID:CODE:TYPE:HEX...
#include <dlfcn.h>

#include <cstdio>
#include <cstring>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "../nvml/abi.h"
#include "../nvml/parameters.h"

namespace {

using namespace simulator;

constexpr Return kFunctionNotFound = 13;
constexpr std::size_t kRoom = 512;

struct Driver {
  void* library;
  template <class Function>
  Function get(const std::string& name) const {
    return reinterpret_cast<Function>(dlsym(library, name.c_str()));
  }
};

struct Question {
  std::string function;
  void* handle = nullptr;
  std::vector<std::uint32_t> arguments;
};

std::string hex(const void* bytes, std::size_t count) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    const unsigned byte = static_cast<const unsigned char*>(bytes)[i];
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 0xFU];
  }
  return text;
}

DeviceHandle deviceOf(const Driver& driver, std::optional<std::uint32_t> gpu, std::optional<std::uint32_t> mig) {
  DeviceHandle device = nullptr;
  const auto byIndex = driver.get<Return (*)(unsigned, DeviceHandle*)>("nvmlDeviceGetHandleByIndex_v2");
  if (!gpu || byIndex(*gpu, &device) != kSuccess || !mig) return device;
  DeviceHandle instance = nullptr;
  const auto bySlot =
      driver.get<Return (*)(DeviceHandle, unsigned, DeviceHandle*)>("nvmlDeviceGetMigDeviceHandleByIndex");
  return bySlot(device, *mig, &instance) == kSuccess ? instance : nullptr;
}

/// Room for what one call fills, and the arguments that are left to be used.
class Asking {
 public:
  Asking(const Driver& driver, const Question& question) : driver_(driver), question_(question) {}

  template <class Type>
  Type make() {
    if constexpr (std::is_same_v<Type, void*>) {
      // The handle comes first, a structure of several versions later.
      if (!handleUsed_) {
        handleUsed_ = true;
        return question_.handle;
      }
      return structure(0);
    } else if constexpr (std::is_same_v<Type, OtherDeviceHandle>) {
      return static_cast<Type>(deviceOf(driver_, next(), std::nullopt));
    } else if constexpr (std::is_integral_v<Type>) {
      handleUsed_ = true;
      if (textOpen_) {
        textOpen_ = false;
        return static_cast<Type>(kTextRoom);
      }
      return static_cast<Type>(next());
    } else if constexpr (std::is_same_v<Type, char*>) {
      textOpen_ = true;
      kinds_.push_back({true, kTextRoom});
      return reinterpret_cast<char*>(room());
    } else if constexpr (Versioned<std::remove_pointer_t<Type>>) {
      void* place = structure(sizeof(std::remove_pointer_t<Type>));
      constexpr bool chooses = std::is_same_v<Type, Temperature*> || std::is_same_v<Type, FanSpeed*>;
      if constexpr (chooses) {
        const std::uint32_t choice = next();
        std::memcpy(static_cast<char*>(place) + sizeof choice, &choice, sizeof choice);
      }
      return static_cast<Type>(place);
    } else {
      kinds_.push_back({false, sizeof(std::remove_pointer_t<Type>)});
      return reinterpret_cast<Type>(room());
    }
  }

  std::string filled() const {
    std::string text;
    for (std::size_t i = 0; i < kinds_.size(); ++i) {
      const char* bytes = rooms_[i];
      const std::size_t count = kinds_[i].first ? std::min(strnlen(bytes, kTextRoom) + 1, kTextRoom) : kinds_[i].second;
      text += ' ' + hex(bytes, count);
    }
    return text;
  }

 private:
  static constexpr std::size_t kTextRoom = 96;
  static constexpr std::size_t kMostFilled = 4;

  std::uint32_t next() { return used_ < question_.arguments.size() ? question_.arguments[used_++] : 0; }
  char* room() { return rooms_[kinds_.size() - 1]; }
  void* structure(std::size_t declared) {
    const std::uint32_t version = next();
    kinds_.push_back({false, bytesOfVersion(version, declared)});
    std::memcpy(room(), &version, sizeof version);
    return room();
  }

  const Driver& driver_;
  const Question& question_;
  std::size_t used_ = 0;
  bool handleUsed_ = false, textOpen_ = false;
  std::vector<std::pair<bool, std::size_t>> kinds_;
  alignas(8) char rooms_[kMostFilled][kRoom] = {};
};

template <class... Types>
std::string ask(const Driver& driver, const Question& question) {
  const auto function = driver.get<Return (*)(Types...)>(question.function);
  if (function == nullptr) return std::to_string(kFunctionNotFound);
  Asking asking(driver, question);
  // Braces: parameters are made in their order.
  const std::tuple<Types...> parameters{asking.make<Types>()...};
  const Return code = std::apply(function, parameters);
  return std::to_string(code) + (code == kSuccess ? asking.filled() : "");
}

/// Parameters of a call of which only the code counts: lists have room, counters say how much.
class Refusing {
 public:
  explicit Refusing(const Question& question) : question_(question) {}

  template <class Type>
  Type make() {
    if constexpr (std::is_same_v<Type, void*>) {
      if (std::exchange(handleUsed_, true)) return room();
      return question_.handle;
    } else if constexpr (std::is_same_v<Type, unsigned long long>) {
      return 0;
    } else if constexpr (std::is_integral_v<Type>) {
      handleUsed_ = true;
      return used_ < question_.arguments.size() ? static_cast<Type>(question_.arguments[used_++]) : 0;
    } else if constexpr (std::is_same_v<Type, ProcessesUtilization*>) {
      auto* info = reinterpret_cast<Type>(room());
      info->version = versionWord<ProcessesUtilization>(1);
      return info;
    } else {
      auto* place = reinterpret_cast<Type>(room());
      if constexpr (std::is_same_v<Type, unsigned*>) *place = kEntries;
      return place;
    }
  }

 private:
  static constexpr unsigned kEntries = 64;
  static constexpr std::size_t kListRoom = 4096;
  static constexpr std::size_t kMostRooms = 4;

  char* room() { return rooms_[roomsUsed_++]; }

  const Question& question_;
  bool handleUsed_ = false;
  std::size_t used_ = 0, roomsUsed_ = 0;
  alignas(8) char rooms_[kMostRooms][kListRoom] = {};
};

template <class... Types>
std::string askRefusal(const Driver& driver, const Question& question) {
  const auto function = driver.get<Return (*)(Types...)>(question.function);
  if (function == nullptr) return std::to_string(kFunctionNotFound);
  Refusing refusing(question);
  const std::tuple<Types...> parameters{refusing.make<Types>()...};
  return std::to_string(std::apply(function, parameters));
}

using Asker = std::function<std::string(const Driver&, const Question&)>;

const std::map<std::string, Asker>& askers() {
  static const std::map<std::string, Asker> all = {
#define ROW(name, ...) {#name, ask<__VA_ARGS__>},
#define RECORDED1 ROW
#define RECORDED2 ROW
#define RECORDED3 ROW
#define RECORDED4 ROW
#define RECORDED5 ROW
// What these give moves or is a handle: nothing to compare but whether they refuse.
#define REFUSAL(name, ...) {#name, askRefusal<__VA_ARGS__>},
#define REFUSED2 REFUSAL
#define REFUSED3 REFUSAL
#define REFUSED4 REFUSAL
#define REFUSED6 REFUSAL
#include "../nvml/recorded.def"
  };
  return all;
}

InstanceHandle instanceOf(const Driver& driver, std::optional<std::uint32_t> gpu, std::uint32_t id) {
  InstanceHandle instance = nullptr;
  const auto byId = driver.get<Return (*)(DeviceHandle, unsigned, InstanceHandle*)>("nvmlDeviceGetGpuInstanceById");
  return byId(deviceOf(driver, gpu, std::nullopt), id, &instance) == kSuccess ? instance : nullptr;
}

std::optional<std::uint32_t> takeNumber(std::istringstream& words) {
  std::string word;
  words >> word;
  if (word.empty() || word == "-") return std::nullopt;
  return static_cast<std::uint32_t>(std::stoul(word));
}

std::string answerOf(const Driver& driver, std::istringstream& words) {
  Question question;
  words >> question.function;
  const auto gpu = takeNumber(words);
  const auto mig = takeNumber(words);
  const auto gpuInstance = takeNumber(words);
  std::uint32_t argument = 0;
  while (words >> argument) question.arguments.push_back(argument);
  question.handle = gpuInstance ? instanceOf(driver, gpu, *gpuInstance) : deviceOf(driver, gpu, mig);
  const auto asker = askers().find(question.function);
  return asker == askers().end() ? "?" : asker->second(driver, question);
}

std::string fieldsOf(const Driver& driver, std::istringstream& words) {
  const auto gpu = takeNumber(words);
  const std::uint32_t scope = takeNumber(words).value_or(0);
  const std::uint32_t last = takeNumber(words).value_or(0);
  std::vector<FieldValue> values(last);
  for (std::uint32_t i = 0; i < last; ++i) {
    values[i].fieldId = i + 1;
    values[i].scopeId = scope;
  }
  const auto function = driver.get<Return (*)(DeviceHandle, int, FieldValue*)>("nvmlDeviceGetFieldValues");
  const Return code = function(deviceOf(driver, gpu, std::nullopt), static_cast<int>(last), values.data());
  std::string text = std::to_string(code);
  for (const FieldValue& value : values) {
    text += ' ' + std::to_string(value.fieldId) + ':' + std::to_string(value.status) + ':' +
            std::to_string(static_cast<unsigned>(value.valueType)) + ':' + hex(&value.value, sizeof value.value);
  }
  return text;
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) {
    std::fputs("ask: expected the path of a library\n", stderr);
    return 2;
  }
  const Driver driver{dlopen(words[1], RTLD_NOW | RTLD_LOCAL)};
  if (driver.library == nullptr) {
    std::fprintf(stderr, "ask: %s\n", dlerror());
    return 1;
  }
  const auto initialise = driver.get<Return (*)(unsigned)>("nvmlInitWithFlags");
  const Return initialised = initialise == nullptr ? kFunctionNotFound : initialise(1);
  if (initialised != kSuccess) {
    std::fprintf(stderr, "ask: %s: init answers %d\n", words[1], initialised);
    return 1;
  }
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream question(line);
    std::string kind;
    question >> kind;
    std::cout << (kind == "fields" ? fieldsOf(driver, question) : answerOf(driver, question)) << '\n';
  }
  std::cout.flush();
  return 0;
}
