#pragma once
// Records of the shared memory as JavaScript objects (src/native/addon.ts). Conversion only.

#include <napi.h>

#include <array>
#include <cstdint>
#include <span>

#include "core/shm/gpu_record.h"

namespace gna::addon {

/// A record as it was copied out of a ring: words, and the ring's count of publications.
struct Copied {
  std::span<const std::uint64_t> words;
  std::uint64_t published = 0;
};

Napi::Object driverObject(Napi::Env env, const Copied& record);
Napi::Object watchObject(Napi::Env env, const Copied& record);

/// The parts of a GPU as they were converted last: what did not change since keeps its array. Links, fans and profiles
/// move every ten seconds or every minute, and are most of the objects of a record.
struct ConvertedParts {
  shm::GpuLists lists;
  std::array<Napi::Reference<Napi::Array>, shm::kGpuListCount> arrays;
};

/// Empty when the words are not a whole record. `orderIsNone` = of the driver record of the same segment.
Napi::Object gpuObject(Napi::Env env, std::uint32_t index, const Copied& record, ConvertedParts& parts,
                       bool orderIsNone);
Napi::Object eventObject(Napi::Env env, const shm::Event& event);
/// Throws Error SEGMENT_CORRUPT when the sweep cannot be decoded.
Napi::Object hamiObject(Napi::Env env, const Copied& record);

}  // namespace gna::addon
