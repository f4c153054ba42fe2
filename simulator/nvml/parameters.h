// What a call asks and where its answer goes, told from the types of its parameters: numbers that are passed by value
// are arguments, and so are the version word and the choice in a structure that the caller fills in; every other
// pointer is filled but the handle of a second GPU, which stands for its index. The same rule is written down for
// captures in docs/captures.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "abi.h"

namespace simulator {

struct Parameters {
  struct Filled {
    void* place;
    std::size_t bytes;
    /// A text: as many bytes as it has, and the caller says how much room there is.
    bool isText;
  };
  std::vector<std::uint32_t> arguments;
  std::vector<Filled> filled;
};

template <class Struct>
concept Versioned = requires(Struct structure) { structure.version; };

/// Bytes of a structure by its version word: newer versions of it may be longer than the one that is declared.
inline std::size_t bytesOfVersion(std::uint32_t word, std::size_t declared) {
  constexpr std::uint32_t kSizeBits = 0xFFFFFFU;
  constexpr std::size_t kLargest = 512;
  const std::size_t bytes = word & kSizeBits;
  return bytes > sizeof word && bytes <= kLargest ? bytes : declared;
}

/// Index of the GPU that a handle is of; a number that no GPU has where it is none.
std::uint32_t indexOf(OtherDeviceHandle handle);

/// The word after the version in structures where the caller chooses by it.
inline void noteChoice(Parameters& parameters, const Temperature& temperature) {
  parameters.arguments.push_back(temperature.sensorType);
}
inline void noteChoice(Parameters& parameters, const FanSpeed& fan) { parameters.arguments.push_back(fan.fan); }
template <class Struct>
void noteChoice(Parameters&, const Struct&) {}

template <class Type>
void noteOne(Parameters& parameters, Type value) {
  if constexpr (std::is_same_v<Type, unsigned long long>) {
    // A stamp since when something is asked: it never comes again.
  } else if constexpr (std::is_integral_v<Type>) {
    // The number after a text is the room for it.
    if (!parameters.filled.empty() && parameters.filled.back().isText && parameters.filled.back().bytes == 0) {
      parameters.filled.back().bytes = value;
    } else {
      parameters.arguments.push_back(static_cast<std::uint32_t>(value));
    }
  } else if constexpr (std::is_same_v<Type, OtherDeviceHandle>) {
    parameters.arguments.push_back(indexOf(value));
  } else if constexpr (std::is_same_v<Type, char*>) {
    parameters.filled.push_back({value, 0, true});
  } else if constexpr (std::is_same_v<Type, void*>) {
    // A structure of several versions: its first word says which.
    const std::uint32_t version = value == nullptr ? 0 : *static_cast<const std::uint32_t*>(value);
    parameters.arguments.push_back(version);
    parameters.filled.push_back({value, bytesOfVersion(version, 0), false});
  } else if constexpr (Versioned<std::remove_pointer_t<Type>>) {
    const std::uint32_t version = value == nullptr ? 0 : value->version;
    parameters.arguments.push_back(version);
    if (value != nullptr) noteChoice(parameters, *value);
    parameters.filled.push_back({value, bytesOfVersion(version, sizeof(*value)), false});
  } else {
    parameters.filled.push_back({value, sizeof(*value), false});
  }
}

template <class... Types>
Parameters parametersOf(Types... values) {
  Parameters parameters;
  (noteOne(parameters, values), ...);
  return parameters;
}

}  // namespace simulator
