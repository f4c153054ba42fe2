// GPU instances as the MIG devices imply them: several compute instances may share one.
#pragma once

#include <optional>
#include <vector>

#include "abi.h"
#include "gpu.h"

namespace simulator {

/// The MIG device that stands for a GPU instance: that of its first compute instance. nullptr: there is none.
const MigInstance* gpuInstanceById(const Gpu& gpu, std::uint32_t id);
/// One MIG device for each GPU instance, in the order of their MIG indices.
std::vector<const MigInstance*> gpuInstances(const Gpu& gpu);
/// MIG devices of one GPU instance, by compute instance.
std::vector<const MigInstance*> computeInstances(const Gpu& gpu, std::uint32_t gpuInstance);

/// Placement of a compute instance in slices: they lie one after the other.
Placement computePlacement(const Gpu& gpu, const MigInstance& compute);
/// Number of the profile of a compute instance, by its slices.
std::uint32_t computeProfile(std::uint64_t slices);
/// Slices of a profile of compute instances; 0 where there is none of that number.
std::uint32_t computeProfileSlices(std::uint32_t number);
/// How many more compute instances of so many slices fit into a GPU instance.
std::uint32_t remainingComputeCapacity(const Gpu& gpu, const MigInstance& gpuInstance, std::uint32_t slices);
/// Multiprocessors of one slice of a GPU instance.
std::uint64_t multiprocessorsPerSlice(const MigInstance& compute);

/// How many more GPU instances of a profile fit beside those that are there.
std::uint32_t remainingCapacity(const Gpu& gpu, const MigProfile& profile);

}  // namespace simulator
