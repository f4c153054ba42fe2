#include <cstring>

#include "core/nvml/gather.h"

namespace gna::nvml {

bool Gather::migEnabled() const {
  const std::size_t mode = gna::index(Reading::mig_mode_enabled);
  return g.record_.status[mode] == reading_status::kPresent && g.record_.readings[mode] == 1;
}

void Gather::lookAgain() { g.migDueNs_ = 0; }

void Gather::migDevices() {
  const bool before = migEnabled();
  if (due(Reading::mig_mode_enabled)) {
    std::uint32_t current = 0, pending = 0;
    const Return code = call(Call::DeviceGetMigMode, g.handle_, &current, &pending);
    if (code != kSuccess && !isUnsupported(code)) return lookAgain();  // a passing error: what was known stands
    store(Reading::mig_mode_enabled, code, current, 1);
    store(Reading::mig_mode_pending, code, pending, 1);
  }
  // In the other mode a GPU answers other readings: those that were put to sleep get another chance.
  if (migEnabled() != before) g.dormant_.reset();
  if (!migEnabled()) {
    g.mig_.clear();
    g.migHandles_.clear();
    g.absent(Reading::mig_devices_max, reading_status::kNotAsked);
    return;
  }

  std::uint32_t slots = 0;
  const Return code = call(Call::DeviceGetMaxMigDeviceCount, g.handle_, &slots);
  if (code != kSuccess) return lookAgain();
  store(Reading::mig_devices_max, code, slots);
  g.mig_.clear();
  g.migHandles_.clear();
  for (std::uint32_t slot = 0; slot < slots && slot < shm::kMaxMigPerGpu; ++slot) {
    Device mig = nullptr;
    // 6 = empty slot; instances need not fill the slots from the front.
    if (call(Call::DeviceGetMigDeviceHandleByIndex, g.handle_, slot, &mig) != kSuccess || !mig) continue;
    shm::MigInstance instance;
    instance.mig_index = slot;
    if (call(Call::DeviceGetUUID, mig, static_cast<char*>(instance.uuid), kDeviceUuidV2BufferSize) != kSuccess)
      continue;
    instance.uuid[sizeof instance.uuid - 1] = 0;
    if (call(Call::DeviceGetName, mig, static_cast<char*>(instance.name), kDeviceNameV2BufferSize) != kSuccess)
      instance.name[0] = 0;
    instance.name[sizeof instance.name - 1] = 0;
    const Return gi = call(Call::DeviceGetGpuInstanceId, mig, &instance.gpu_instance);
    const Return ci = call(Call::DeviceGetComputeInstanceId, mig, &instance.compute_instance);
    instance.ids_status = statusOf(gi != kSuccess ? gi : ci);

    DeviceAttributes a{};
    Return attributes = call(Call::DeviceGetAttributes_v2, mig, &a);
    // The first version's structure ends before the slices: they are absent for the reason the second one gave.
    instance.slices_status = statusOf(attributes);
    if (attributes == kNoSuchSymbol || attributes == kErrorFunctionNotFound)
      attributes = call(Call::DeviceGetAttributes, mig, &a);
    instance.attributes_status = statusOf(attributes);
    instance.multiprocessors = a.multiprocessorCount;
    instance.copy_engines = a.sharedCopyEngineCount;
    instance.decoders = a.sharedDecoderCount;
    instance.encoders = a.sharedEncoderCount;
    instance.jpeg_engines = a.sharedJpegCount;
    instance.ofa_engines = a.sharedOfaCount;
    instance.gpu_slices = a.gpuInstanceSliceCount;
    instance.compute_slices = a.computeInstanceSliceCount;
    g.mig_.push_back(instance);
    g.migHandles_.push_back(mig);
  }
}

void Gather::migMemory() {
  bool stale = false;
  for (std::size_t i = 0; i < g.mig_.size(); ++i) {
    shm::MigInstance& instance = g.mig_[i];
    Memory_v2 v2{};
    v2.version = kMemory_v2Version;
    Return code = call(Call::DeviceGetMemoryInfo_v2, g.migHandles_[i], &v2);
    Return reserved = code;
    if (code == kNoSuchSymbol || code == kErrorFunctionNotFound || code == kErrorArgumentVersionMismatch) {
      // Version 1 counts what the driver reserves as used and does not tell it apart.
      Memory v1{};
      code = call(Call::DeviceGetMemoryInfo, g.migHandles_[i], &v1);
      v2.total = v1.total;
      v2.used = v1.used;
      v2.free = v1.free;
    }
    // A destroyed instance's handle is refused or not found: look again in the next cycle instead of showing a ghost.
    if (code == kErrorInvalidArgument || code == kErrorNotFound) stale = true;
    const bool plausible = v2.free <= v2.total && v2.used <= v2.total && v2.reserved <= v2.total;
    const bool garbage = code == kSuccess && !plausible;
    instance.memory_status = garbage ? reading_status::kImplausible : statusOf(code);
    instance.memory_reserved_status = garbage ? reading_status::kImplausible : statusOf(reserved);
    instance.memory_total_bytes = v2.total;
    instance.memory_reserved_bytes = v2.reserved;
    instance.memory_used_bytes = v2.used;
    instance.memory_free_bytes = v2.free;
  }
  if (stale) lookAgain();
}

}  // namespace gna::nvml
