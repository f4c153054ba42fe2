#include <cstring>

#include "core/nvml/gather.h"

namespace gna::nvml {

bool Gather::migEnabled() const {
  const auto& readings = g.record_.readings;
  return readings.has(Reading::mig_mode_enabled) && readings[Reading::mig_mode_enabled] == 1;
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
  if (migEnabled() != before) g.dormant_.wakeAll();
  auto forgetInstances = [this] {
    g.lists_.mig.clear();
    g.migHandles_.clear();
    g.migDormant_.clear();
  };
  if (!migEnabled()) {
    forgetInstances();
    g.absent(Reading::mig_devices_max, reading_status::kNotAsked);
    return;
  }

  std::uint32_t slots = 0;
  const Return code = call(Call::DeviceGetMaxMigDeviceCount, g.handle_, &slots);
  if (code != kSuccess) return lookAgain();
  store(Reading::mig_devices_max, code, slots);
  forgetInstances();
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
    Dormant<MigReading> dormant;
    migAttributes(mig, instance.readings, dormant);
    g.lists_.mig.push_back(instance);
    g.migHandles_.push_back(mig);
    g.migDormant_.push_back(dormant);
  }
}

void Gather::migAttributes(Device mig, Measurements<MigReading>& into, Dormant<MigReading>& dormant) {
  DeviceAttributes a{};
  Return code = call(Call::DeviceGetAttributes_v2, mig, &a);
  // The first version's structure ends before the slices: they are absent for the reason the second one gave.
  const Return slices = code;
  if (isOlderDriver(code)) code = call(Call::DeviceGetAttributes, mig, &a);
  auto put = [&](MigReading reading, std::uint32_t value) { store(into, dormant, reading, code, value); };
  put(MigReading::multiprocessors, a.multiprocessorCount);
  put(MigReading::copy_engines, a.sharedCopyEngineCount);
  put(MigReading::decoders, a.sharedDecoderCount);
  put(MigReading::encoders, a.sharedEncoderCount);
  put(MigReading::jpeg_engines, a.sharedJpegCount);
  put(MigReading::ofa_engines, a.sharedOfaCount);
  store(into, dormant, MigReading::gpu_slices, slices, a.gpuInstanceSliceCount);
  store(into, dormant, MigReading::compute_slices, slices, a.computeInstanceSliceCount);
}

void Gather::migMemory() {
  bool stale = false;
  for (std::size_t i = 0; i < g.lists_.mig.size(); ++i) {
    Measurements<MigReading>& into = g.lists_.mig[i].readings;
    Dormant<MigReading>& dormant = g.migDormant_[i];
    if (!due(MigReading::memory_total_bytes, dormant)) continue;
    Memory_v2 v2{};
    v2.version = kMemory_v2Version;
    Return code = call(Call::DeviceGetMemoryInfo_v2, g.migHandles_[i], &v2);
    const Return reserved = code;
    if (isOlderDriver(code)) {
      // Version 1 counts what the driver reserves as used and does not tell it apart.
      Memory v1{};
      code = call(Call::DeviceGetMemoryInfo, g.migHandles_[i], &v1);
      v2.total = v1.total;
      v2.used = v1.used;
      v2.free = v1.free;
    }
    // A destroyed instance's handle is refused or not found: look again in the next cycle instead of showing a ghost.
    if (code == kErrorInvalidArgument || code == kErrorNotFound) stale = true;
    const double most = static_cast<double>(v2.total);
    auto put = [&](MigReading reading, Return r, std::uint64_t bytes) {
      store(into, dormant, reading, r, static_cast<double>(bytes), most);
    };
    put(MigReading::memory_total_bytes, code, v2.total);
    put(MigReading::memory_used_bytes, code, v2.used);
    put(MigReading::memory_free_bytes, code, v2.free);
    put(MigReading::memory_reserved_bytes, reserved, v2.reserved);
  }
  if (stale) lookAgain();
}

}  // namespace gna::nvml
