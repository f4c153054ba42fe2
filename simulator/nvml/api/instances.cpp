// GPU instances and compute instances: profiles, placements, what exists and what still fits.
#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "../branch.h"
#include "../call.h"
#include "../mig_instances.h"

using namespace simulator;

namespace {

/// Profiles are numbered below this.
constexpr unsigned kProfileEnd = 0x12;
constexpr unsigned kComputeProfileEnd = 9;
/// Instances of data centre GPUs reach their peers by no other way than the host.
constexpr unsigned kNoPeers = 0;
/// First CUDA version whose driver knows the third version of the profile.
constexpr int kProfileV3SinceCuda = 12030;

const MigProfile* profileById(const Gpu& gpu, unsigned id) {
  const auto found = std::ranges::find(gpu.migProfiles, id, &MigProfile::id);
  return found == gpu.migProfiles.end() ? nullptr : &*found;
}

/// The profile of a number: kInvalidArgument past the last, kNotSupported where this GPU has none of it.
Return findProfile(const Call& call, unsigned number, const MigProfile*& profile) {
  if (number >= kProfileEnd) return kInvalidArgument;
  if (!call.migEnabled()) return kNotSupported;
  const auto found = std::ranges::find(call.gpu.migProfiles, number, &MigProfile::number);
  if (found == call.gpu.migProfiles.end()) return kNotSupported;
  profile = &*found;
  return kSuccess;
}

/// What all versions of the profile have in common, and the same names for it.
template <class Info>
void describe(Info& info, const MigProfile& profile) {
  info.id = profile.id;
  info.sliceCount = profile.slices;
  info.instanceCount = profile.instances;
  info.multiprocessorCount = profile.multiprocessors;
  info.copyEngineCount = profile.copyEngines;
  info.decoderCount = profile.decoders;
  info.encoderCount = profile.encoders;
  info.jpegCount = profile.jpegEngines;
  info.ofaCount = profile.ofaEngines;
  info.memorySizeMB = profile.memoryMebibytes;
}

template <class Info>
void describeWithName(Info& info, const MigProfile& profile) {
  describe(info, profile);
  std::memset(info.name, 0, sizeof info.name);
  std::strncpy(info.name, "MIG ", sizeof info.name - 1);
  std::strncat(info.name, profile.name, sizeof info.name - 5);
}

Return giveVersioned(const MigProfile& profile, void* info) {
  std::uint32_t version = 0;
  std::memcpy(&version, info, sizeof version);
  if (version == versionWord<GpuInstanceProfileV3>(3) && kBranch.cudaVersion >= kProfileV3SinceCuda) {
    auto& third = *static_cast<GpuInstanceProfileV3*>(info);
    describeWithName(third, profile);
    third.capabilities = kNoPeers;
    return kSuccess;
  }
  if (version != versionWord<GpuInstanceProfileV2>(2)) return kVersionMismatch;
  auto& second = *static_cast<GpuInstanceProfileV2*>(info);
  describeWithName(second, profile);
  second.isP2pSupported = kNoPeers;
  return kSuccess;
}

/// What is asked of a GPU in MIG mode, by root alone.
template <class Body>
Return onDividedGpu(const char* function, DeviceHandle device, Body body) {
  return onDevice(function, device, Accepts::WholeGpus, [&](const Call& call) {
    if (!call.permitted()) return kNoPermission;
    return call.migEnabled() ? body(call) : kNotSupported;
  });
}

InstanceHandle handleOf(const Call& call, InstanceKind kind, const MigInstance& instance) {
  return encodeInstance(kind, {call.gpuIndex, instance.creation, call.library.generation()});
}

/// Fills a list of handles; the caller's array has room for all there can be.
Return giveHandles(const Call& call, InstanceKind kind, const std::vector<const MigInstance*>& instances,
                   InstanceHandle* handles, unsigned* count) {
  if (handles == nullptr || count == nullptr) return kInvalidArgument;
  *count = static_cast<unsigned>(instances.size());
  for (std::size_t i = 0; i < instances.size(); ++i) handles[i] = handleOf(call, kind, *instances[i]);
  return kSuccess;
}

Return givePlacements(const char* function, DeviceHandle device, unsigned profileId, Placement* placements,
                      unsigned* count) {
  return onDividedGpu(function, device, [&](const Call& call) {
    if (count == nullptr) return kInvalidArgument;
    const MigProfile* profile = profileById(call.gpu, profileId);
    if (profile == nullptr) return kNotSupported;
    const unsigned room = placements == nullptr ? ~0U : *count;
    *count = 0;
    for (unsigned start = 0; start < 32; ++start) {
      if ((profile->placements >> start & 1U) == 0) continue;
      if (*count >= room) return kInsufficientSize;
      if (placements != nullptr) placements[*count] = {start, profile->memorySlices};
      ++*count;
    }
    return kSuccess;
  });
}

/// A profile of compute instances by its number, of a GPU instance that has slices enough. Engines are shared.
template <class Body>
Return onComputeProfile(const char* function, InstanceHandle instance, unsigned number, Body body) {
  return onInstance(function, InstanceKind::Gpu, instance, [&](const Call& call) {
    if (number >= kComputeProfileEnd) return kInvalidArgument;
    const std::uint32_t slices = computeProfileSlices(number);
    return slices == 0 || slices > call.mig->slices ? kNotSupported : body(call, slices);
  });
}

template <class Info>
void describeCompute(Info& info, const MigInstance& mig, unsigned number, std::uint32_t slices) {
  info.id = number;
  info.sliceCount = slices;
  info.instanceCount = static_cast<std::uint32_t>(mig.slices / slices);
  info.multiprocessorCount = static_cast<std::uint32_t>(multiprocessorsPerSlice(mig) * slices);
  info.sharedCopyEngineCount = static_cast<std::uint32_t>(mig.copyEngines);
  info.sharedDecoderCount = static_cast<std::uint32_t>(mig.decoders);
  info.sharedEncoderCount = static_cast<std::uint32_t>(mig.encoders);
  info.sharedJpegCount = static_cast<std::uint32_t>(mig.jpegEngines);
  info.sharedOfaCount = static_cast<std::uint32_t>(mig.ofaEngines);
}

/// "MIG 2c.3g.20gb", without the part of the compute instance where it has all slices.
std::string computeProfileName(const MigInstance& mig, std::uint32_t slices) {
  std::string_view whole = mig.profile;
  const auto compute = whole.find("c.");
  if (compute != std::string_view::npos) whole.remove_prefix(compute + 2);
  return "MIG " + (slices == mig.slices ? "" : std::to_string(slices) + "c.") + std::string(whole);
}

Return giveComputeInfo(const char* function, InstanceHandle instance, ComputeInstanceInfo* info, std::size_t bytes) {
  return onInstance(function, InstanceKind::Compute, instance, [&](const Call& call) {
    if (info == nullptr) return kInvalidArgument;
    const ComputeInstanceInfo all{
        .device = call.handle(0),
        .gpuInstance = handleOf(call, InstanceKind::Gpu, *gpuInstanceById(call.gpu, call.mig->gpuInstance)),
        .id = call.mig->computeInstance,
        .profileId = computeProfile(call.mig->computeSlices),
        .placement = computePlacement(call.gpu, *call.mig)};
    std::memcpy(static_cast<void*>(info), &all, bytes);
    return kSuccess;
  });
}

}  // namespace

NVML_API Return nvmlDeviceGetGpuInstanceProfileInfo(DeviceHandle device, unsigned number, GpuInstanceProfile* info) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (info == nullptr) return kInvalidArgument;
    const MigProfile* profile = nullptr;
    const Return found = findProfile(call, number, profile);
    if (found != kSuccess) return found;
    describe(*info, *profile);
    info->isP2pSupported = kNoPeers;
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetGpuInstanceProfileInfoV(DeviceHandle device, unsigned number, void* info) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (info == nullptr) return kInvalidArgument;
    const MigProfile* profile = nullptr;
    const Return found = findProfile(call, number, profile);
    return found == kSuccess ? giveVersioned(*profile, info) : found;
  });
}

NVML_API Return nvmlDeviceGetGpuInstanceProfileInfoByIdV(DeviceHandle device, unsigned id, void* info) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (info == nullptr) return kInvalidArgument;
    const MigProfile* profile = profileById(call.gpu, id);
    return call.migEnabled() && profile != nullptr ? giveVersioned(*profile, info) : kNotSupported;
  });
}

NVML_API Return nvmlDeviceGetGpuInstancePossiblePlacements_v2(DeviceHandle device, unsigned profileId,
                                                              Placement* placements, unsigned* count) {
  return givePlacements(__func__, device, profileId, placements, count);
}
NVML_API Return nvmlDeviceGetGpuInstancePossiblePlacements(DeviceHandle device, unsigned profileId,
                                                           Placement* placements, unsigned* count) {
  return givePlacements(__func__, device, profileId, placements, count);
}

NVML_API Return nvmlDeviceGetGpuInstanceRemainingCapacity(DeviceHandle device, unsigned profileId, unsigned* count) {
  return onDividedGpu(__func__, device, [&](const Call& call) {
    if (count == nullptr) return kInvalidArgument;
    const MigProfile* profile = profileById(call.gpu, profileId);
    if (profile == nullptr) return kNotSupported;
    *count = remainingCapacity(call.gpu, *profile);
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetGpuInstances(DeviceHandle device, unsigned profileId, InstanceHandle* instances,
                                          unsigned* count) {
  return onDividedGpu(__func__, device, [&](const Call& call) {
    auto found = gpuInstances(call.gpu);
    std::erase_if(found, [&](const MigInstance* instance) { return instance->profileId != profileId; });
    return giveHandles(call, InstanceKind::Gpu, found, instances, count);
  });
}

NVML_API Return nvmlDeviceGetGpuInstanceById(DeviceHandle device, unsigned id, InstanceHandle* instance) {
  return onDividedGpu(__func__, device, [&](const Call& call) {
    if (instance == nullptr) return kInvalidArgument;
    const MigInstance* found = gpuInstanceById(call.gpu, id);
    if (found == nullptr) return kNotFound;
    *instance = handleOf(call, InstanceKind::Gpu, *found);
    return kSuccess;
  });
}

NVML_API Return nvmlGpuInstanceGetInfo(InstanceHandle instance, GpuInstanceInfo* info) {
  return onInstance(__func__, InstanceKind::Gpu, instance, [&](const Call& call) {
    if (info == nullptr) return kInvalidArgument;
    *info = {.device = call.handle(0),
             .id = call.mig->gpuInstance,
             .profileId = call.mig->profileId,
             .placement = {call.mig->firstMemorySlice, call.mig->memorySlices}};
    return kSuccess;
  });
}

NVML_API Return nvmlGpuInstanceGetComputeInstances(InstanceHandle instance, unsigned profileId,
                                                   InstanceHandle* computeHandles, unsigned* count) {
  return onInstance(__func__, InstanceKind::Gpu, instance, [&](const Call& call) {
    if (!call.permitted()) return kNoPermission;
    if (profileId >= kComputeProfileEnd) return kInvalidArgument;
    auto found = computeInstances(call.gpu, call.mig->gpuInstance);
    std::erase_if(found,
                  [&](const MigInstance* compute) { return computeProfile(compute->computeSlices) != profileId; });
    return giveHandles(call, InstanceKind::Compute, found, computeHandles, count);
  });
}

NVML_API Return nvmlGpuInstanceGetComputeInstanceById(InstanceHandle instance, unsigned id, InstanceHandle* compute) {
  return onInstance(__func__, InstanceKind::Gpu, instance, [&](const Call& call) {
    if (!call.permitted()) return kNoPermission;
    if (compute == nullptr) return kInvalidArgument;
    for (const MigInstance* one : computeInstances(call.gpu, call.mig->gpuInstance)) {
      if (one->computeInstance != id) continue;
      *compute = handleOf(call, InstanceKind::Compute, *one);
      return kSuccess;
    }
    return kNotFound;
  });
}

NVML_API Return nvmlComputeInstanceGetInfo_v2(InstanceHandle instance, ComputeInstanceInfo* info) {
  return giveComputeInfo(__func__, instance, info, sizeof(ComputeInstanceInfo));
}
NVML_API Return nvmlComputeInstanceGetInfo(InstanceHandle instance, ComputeInstanceInfo* info) {
  // The first version ends before the placement.
  return giveComputeInfo(__func__, instance, info, offsetof(ComputeInstanceInfo, placement));
}

NVML_API Return nvmlGpuInstanceGetComputeInstanceProfileInfo(InstanceHandle instance, unsigned number,
                                                             unsigned engineProfile, ComputeInstanceProfile* info) {
  return onComputeProfile(__func__, instance, number, [&](const Call& call, std::uint32_t slices) {
    if (info == nullptr || engineProfile != 0) return kInvalidArgument;
    describeCompute(*info, *call.mig, number, slices);
    return kSuccess;
  });
}

NVML_API Return nvmlGpuInstanceGetComputeInstanceProfileInfoV(InstanceHandle instance, unsigned number,
                                                              unsigned engineProfile, ComputeInstanceProfileV3* info) {
  return onComputeProfile(__func__, instance, number, [&](const Call& call, std::uint32_t slices) {
    if (info == nullptr || engineProfile != 0) return kInvalidArgument;
    // The second version ends before the capabilities.
    constexpr std::uint32_t kSecond =
        static_cast<std::uint32_t>(offsetof(ComputeInstanceProfileV3, capabilities)) | 2U << 24U;
    const bool third =
        info->version == versionWord<ComputeInstanceProfileV3>(3) && kBranch.cudaVersion >= kProfileV3SinceCuda;
    if (!third && info->version != kSecond) return kVersionMismatch;
    describeCompute(*info, *call.mig, number, slices);
    std::memset(info->name, 0, sizeof info->name);
    std::strncpy(info->name, computeProfileName(*call.mig, slices).c_str(), sizeof info->name - 1);
    if (third) info->capabilities = 0;
    return kSuccess;
  });
}

NVML_API Return nvmlGpuInstanceGetComputeInstanceRemainingCapacity(InstanceHandle instance, unsigned number,
                                                                   unsigned* count) {
  return onComputeProfile(__func__, instance, number, [&](const Call& call, std::uint32_t slices) {
    if (count == nullptr) return kInvalidArgument;
    if (!call.permitted()) return kNoPermission;
    *count = remainingComputeCapacity(call.gpu, *call.mig, slices);
    return kSuccess;
  });
}
