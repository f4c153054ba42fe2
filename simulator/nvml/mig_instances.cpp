#include "mig_instances.h"

#include <algorithm>
#include <array>

namespace simulator {
namespace {

/// Memory slices that instances occupy, as bits.
std::uint32_t occupied(const Gpu& gpu) {
  std::uint32_t bits = 0;
  for (const MigInstance* instance : gpuInstances(gpu)) {
    bits |= ((1U << instance->memorySlices) - 1U) << instance->firstMemorySlice;
  }
  return bits;
}

}  // namespace

std::vector<const MigInstance*> gpuInstances(const Gpu& gpu) {
  std::vector<const MigInstance*> found;
  for (const auto& slot : gpu.migInstances) {
    if (!slot) continue;
    const bool known =
        std::ranges::any_of(found, [&](const MigInstance* other) { return other->gpuInstance == slot->gpuInstance; });
    if (!known) found.push_back(&*slot);
  }
  return found;
}

const MigInstance* gpuInstanceById(const Gpu& gpu, std::uint32_t id) {
  for (const MigInstance* instance : gpuInstances(gpu)) {
    if (instance->gpuInstance == id) return instance;
  }
  return nullptr;
}

std::vector<const MigInstance*> computeInstances(const Gpu& gpu, std::uint32_t gpuInstance) {
  std::vector<const MigInstance*> found;
  for (const auto& slot : gpu.migInstances) {
    if (slot && slot->gpuInstance == gpuInstance) found.push_back(&*slot);
  }
  std::ranges::sort(found, {}, &MigInstance::computeInstance);
  return found;
}

Placement computePlacement(const Gpu& gpu, const MigInstance& compute) {
  std::uint64_t start = 0;
  for (const MigInstance* other : computeInstances(gpu, compute.gpuInstance)) {
    if (other->computeInstance < compute.computeInstance) start += other->computeSlices;
  }
  return {static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(compute.computeSlices)};
}

std::uint32_t computeProfileSlices(std::uint32_t number) {
  constexpr std::array<std::uint32_t, 7> kSlices = {1, 2, 3, 4, 7, 8, 6};
  return number < kSlices.size() ? kSlices[number] : 0;
}

std::uint32_t computeProfile(std::uint64_t slices) {
  std::uint32_t number = 0;
  while (computeProfileSlices(number) != slices && computeProfileSlices(number) != 0) ++number;
  return number;
}

std::uint32_t remainingComputeCapacity(const Gpu& gpu, const MigInstance& gpuInstance, std::uint32_t slices) {
  std::uint64_t used = 0;
  for (const MigInstance* compute : computeInstances(gpu, gpuInstance.gpuInstance)) used += compute->computeSlices;
  return used >= gpuInstance.slices ? 0 : static_cast<std::uint32_t>((gpuInstance.slices - used) / slices);
}

std::uint64_t multiprocessorsPerSlice(const MigInstance& compute) {
  return compute.multiprocessors / (compute.computeSlices == 0 ? 1 : compute.computeSlices);
}

std::uint32_t remainingCapacity(const Gpu& gpu, const MigProfile& profile) {
  // Slices of the multiprocessors are taken too: seven of them lie beside eight of memory.
  constexpr std::uint64_t kSlices = 7;
  std::uint64_t slices = 0;
  std::uint32_t same = 0;
  for (const MigInstance* instance : gpuInstances(gpu)) {
    slices += instance->slices;
    same += instance->profileId == profile.id ? 1 : 0;
  }
  std::uint32_t taken = occupied(gpu);
  std::uint32_t fits = 0;
  const std::uint32_t most = profile.instances > same ? profile.instances - same : 0;
  for (std::uint32_t start = 0; start < 32 && fits < most; ++start) {
    const std::uint32_t bits = ((1U << profile.memorySlices) - 1U) << start;
    if ((profile.placements >> start & 1U) == 0 || (taken & bits) != 0) continue;
    if (slices + profile.slices > kSlices) break;
    slices += profile.slices;
    taken |= bits;
    ++fits;
  }
  return fits;
}

}  // namespace simulator
