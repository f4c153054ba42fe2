// Device handles are numbers in disguise: which GPU, which MIG instance, and under which initialisation they were
// given out, so that one from before a shutdown or of a destroyed instance is recognised.
#pragma once

#include <cstdint>

#include "abi.h"

namespace simulator {

struct HandleParts {
  std::uint32_t gpu;          // 8 bits
  std::uint32_t migCreation;  // 16 bits; 0 = the whole GPU
  std::uint32_t generation;   // 16 bits
};

/// Looks like an address of this process's heap, is never one to be followed.
inline DeviceHandle encodeHandle(HandleParts parts) {
  const std::uint64_t bits = 0x5ULL << 44U | std::uint64_t{parts.generation & 0xFFFFU} << 28U |
                             std::uint64_t{parts.migCreation & 0xFFFFU} << 12U | std::uint64_t{parts.gpu & 0xFFU} << 4U;
  return reinterpret_cast<DeviceHandle>(bits);  // NOLINT(performance-no-int-to-ptr): never dereferenced
}

/// False for what was never a handle.
inline bool decodeHandle(DeviceHandle handle, HandleParts& parts) {
  const auto bits = reinterpret_cast<std::uint64_t>(handle);
  if (bits >> 44U != 0x5 || (bits & 0xFU) != 0) return false;
  parts = {static_cast<std::uint32_t>(bits >> 4U & 0xFFU), static_cast<std::uint32_t>(bits >> 12U & 0xFFFFU),
           static_cast<std::uint32_t>(bits >> 28U & 0xFFFFU)};
  return true;
}

}  // namespace simulator
