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

/// GPU instances and compute instances are numbers too, of the MIG device by which they were found.
enum class InstanceKind : std::uint64_t { Gpu = 0x6, Compute = 0x7 };

inline InstanceHandle encodeInstance(InstanceKind kind, HandleParts parts) {
  constexpr std::uint64_t kBelowKind = (1ULL << 44U) - 1;
  const auto bits = reinterpret_cast<std::uint64_t>(encodeHandle(parts));
  // NOLINTNEXTLINE(performance-no-int-to-ptr): never dereferenced
  return reinterpret_cast<InstanceHandle>(static_cast<std::uint64_t>(kind) << 44U | (bits & kBelowKind));
}

inline bool decodeInstance(InstanceKind kind, InstanceHandle handle, HandleParts& parts) {
  constexpr std::uint64_t kBelowKind = (1ULL << 44U) - 1;
  const auto bits = reinterpret_cast<std::uint64_t>(handle);
  if (bits >> 44U != static_cast<std::uint64_t>(kind)) return false;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): never dereferenced
  return decodeHandle(reinterpret_cast<DeviceHandle>(0x5ULL << 44U | (bits & kBelowKind)), parts);
}

}  // namespace simulator
