#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "core/nvml/gather.h"

namespace gna::nvml {

namespace {

bool sameInstances(const std::vector<shm::MigInstance>& a, const std::vector<shm::MigInstance>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return std::strcmp(x.uuid, y.uuid) == 0; });
}

/// What was known stands over such a code: it says nothing of what is asked about.
bool mayPass(Return code) { return code == kCallSkipped || isPassing(code); }

}  // namespace

bool Gather::migEnabled() const {
  const auto& readings = g.record_.readings;
  return readings.has(Reading::mig_mode_enabled) && readings[Reading::mig_mode_enabled] == 1;
}

void Gather::lookAgain() { g.migDueNs_ = 0; }

void Gather::forgetMigInstances() {
  g.lists_.mig.clear();
  g.migHandles_.clear();
  g.migDormant_.clear();
}

void Gather::migDevices() {
  const bool wasKnown = g.record_.readings.has(Reading::mig_mode_enabled);
  const bool before = migEnabled();
  if (due(Reading::mig_mode_enabled)) {
    auto current = unwritten<std::uint32_t>(), pending = current;
    const Return code = call(Call::DeviceGetMigMode, g.handle_, &current, &pending);
    const bool passes = mayPass(code);
    if (passes) lookAgain();
    if (passes && wasKnown) return;  // what was known stands
    store(Reading::mig_mode_enabled, code, current, 1);
    store(Reading::mig_mode_pending, code, pending, 1);
    if (passes) return;
  }
  // In the other mode a GPU answers other readings: those that were put to sleep get another chance.
  if (migEnabled() != before) {
    if (wasKnown) g.dormant_.wakeAll();
    g.migRefused_ = kSuccess;
  }
  if (!migEnabled()) {
    forgetMigInstances();
    g.lists_.migProfiles.clear();
    g.migProfilesKnown_ = false;
    g.migListed_ = g.record_.readings.has(Reading::mig_mode_enabled);
    const std::uint8_t why =
        g.migListed_ ? reading_status::kMigOff : g.record_.readings.status[gna::index(Reading::mig_mode_enabled)];
    g.absent(Reading::mig_devices_max, why);
    g.absent(Reading::mig_devices, why);
    return;
  }
  // Who may not look them up would be refused at each slot, once a minute: that is remembered until the next hour,
  // another mode or an event of theirs.
  if (g.migRefused_ == kSuccess) migInstances();
  migProfiles();
}

/// All instances, or none when the driver refuses them. A slot whose answer may pass keeps what was known of it.
void Gather::migInstances() {
  if (!due(Reading::mig_devices_max)) return;
  std::uint32_t slots = 0;
  const Return counted = call(Call::DeviceGetMaxMigDeviceCount, g.handle_, &slots);
  if (mayPass(counted)) lookAgain();
  if (mayPass(counted) && g.record_.readings.has(Reading::mig_devices_max)) return;  // what was known stands
  store(Reading::mig_devices_max, counted, slots);
  Return unknown = kSuccess;  // why it is not known what stands somewhere
  if (counted != kSuccess) {
    slots = 0;
    g.migListed_ = false;
    (isUnsupported(counted) ? g.migRefused_ : unknown) = counted;
  }
  const std::vector<shm::MigInstance> former = g.lists_.mig;
  const std::vector<Device> formerHandles = g.migHandles_;
  const std::vector<MigDormant> formerDormant = g.migDormant_;
  forgetMigInstances();
  const auto formerWith = [&](const auto& isIt) {
    return static_cast<std::size_t>(std::find_if(former.begin(), former.end(), isIt) - former.begin());
  };
  const auto take = [&](const shm::MigInstance& instance, Device handle, const MigDormant& dormant) {
    g.lists_.mig.push_back(instance);
    g.migHandles_.push_back(handle);
    g.migDormant_.push_back(dormant);
  };
  for (std::uint32_t slot = 0; slot < slots && slot < shm::kMaxMigPerGpu; ++slot) {
    Device mig = nullptr;
    char uuid[kDeviceUuidV2BufferSize] = {};
    // 6 = empty slot; instances need not fill the slots from the front.
    Return code = call(Call::DeviceGetMigDeviceHandleByIndex, g.handle_, slot, &mig);
    const bool empty = code == kErrorNotFound || (code == kSuccess && !mig);
    if (empty) continue;
    if (code == kSuccess) code = call(Call::DeviceGetUUID, mig, static_cast<char*>(uuid), kDeviceUuidV2BufferSize);
    if (code != kSuccess) {
      if (isUnsupported(code)) {
        g.migRefused_ = code;
        forgetMigInstances();
        break;
      }
      unknown = code;
      if (!mayPass(code)) {
        g.migListed_ = false;
        continue;
      }
      // An error that may pass: what stood there stands, and is looked at again soon.
      lookAgain();
      const std::size_t at = formerWith([&](const auto& one) { return one.mig_index == slot; });
      if (at < former.size()) take(former[at], formerHandles[at], formerDormant[at]);
      continue;
    }
    uuid[sizeof uuid - 1] = 0;
    // One that was there before keeps what is read of it more slowly than it is looked for.
    const std::size_t at = formerWith([&](const auto& one) { return std::strcmp(one.uuid, uuid) == 0; });
    const bool isNew = at == former.size();
    shm::MigInstance instance = isNew ? shm::MigInstance{} : former[at];
    MigDormant dormant = isNew ? MigDormant{} : formerDormant[at];
    std::memcpy(instance.uuid, uuid, sizeof uuid);
    instance.mig_index = slot;
    instance = migIdentity(mig, instance, isNew, dormant);
    migAttributes(mig, instance.readings, dormant);
    migPlacement(instance, dormant);
    migSlow(mig, instance.readings, dormant);
    take(instance, mig, dormant);
  }
  if (!sameInstances(former, g.lists_.mig)) forgetMigActivity();
  // A slot that was not told at once may hold an instance or none: how the GPU is divided is then not known yet.
  g.migListed_ = g.migRefused_ == kSuccess && (unknown == kSuccess || g.migListed_);
  const Return listed = g.migRefused_ != kSuccess ? g.migRefused_ : g.migListed_ ? kSuccess : unknown;
  store(Reading::mig_devices, listed, static_cast<double>(g.lists_.mig.size()));
}

/// Name and numbers of an instance. They do not change as long as its UUID does not: what is known is asked once an
/// hour, what a passing error kept back again, and what is not told no more.
shm::MigInstance Gather::migIdentity(Device mig, shm::MigInstance instance, bool isNew, MigDormant& dormant) {
  const bool wanted = isNew || identityRound;
  if (!dormant.name && (wanted || instance.name[0] == 0)) {
    char name[sizeof instance.name] = {};
    const Return code = call(Call::DeviceGetName, mig, static_cast<char*>(name), kDeviceNameV2BufferSize);
    name[sizeof name - 1] = 0;
    if (!mayPass(code)) std::memcpy(instance.name, code == kSuccess ? name : "", code == kSuccess ? sizeof name : 1);
    dormant.name = isUnsupported(code);
  }
  const bool known = instance.ids_status == reading_status::kPresent;
  if (wanted || !(known || isUnsupported(instance.ids_status))) {
    std::uint32_t gpuInstance = 0, computeInstance = 0;
    const Return gi = call(Call::DeviceGetGpuInstanceId, mig, &gpuInstance);
    const Return ci = call(Call::DeviceGetComputeInstanceId, mig, &computeInstance);
    const Return code = gi != kSuccess ? gi : ci;
    if (known && mayPass(code)) return instance;
    instance.gpu_instance = gpuInstance;
    instance.compute_instance = computeInstance;
    instance.ids_status = statusOf(code);
  }
  return instance;
}

/// How often the GPU was divided anew, by what its instances are called.
void Gather::migLayout(std::int64_t now) {
  const auto& readings = g.record_.readings;
  if (!readings.has(Reading::mig_mode_enabled))
    return g.absent(Reading::mig_reconfigurations_total, readings.status[gna::index(Reading::mig_mode_enabled)]);
  if (!g.migListed_)
    return g.absent(Reading::mig_reconfigurations_total, readings.status[gna::index(Reading::mig_devices)]);
  // FNV-1a; the mode is part of it, and 0 is none.
  std::uint64_t fingerprint = 0xcbf29ce484222325;
  const auto mix = [&](char c) { fingerprint = (fingerprint ^ static_cast<unsigned char>(c)) * 0x100000001b3; };
  mix(migEnabled() ? '1' : '0');
  for (const shm::MigInstance& instance : g.lists_.mig)
    for (const char* c = instance.uuid; *c; ++c) mix(*c);
  g.layout_.observe(fingerprint | 1, now);
  const MigLayout::State& state = g.layout_.state();
  g.record_.mig_layout_settled = state.settled;
  g.record_.mig_layout_seen = state.seen;
  g.record_.mig_layout_since_ns = state.sinceNs;
  g.record_.mig_layout_changes = state.changes;
  g.set(Reading::mig_reconfigurations_total, static_cast<double>(state.changes));
}

/// Where the GPU instance lies and from which profile it was cut. The driver tells root.
void Gather::migPlacement(shm::MigInstance& instance, Dormant<MigReading>& dormant) {
  if (!due(MigReading::placement_start, dormant)) return;
  Return code = statusOf(kSuccess) == instance.ids_status ? kSuccess : kErrorNoData;
  GpuInstance handle = nullptr;
  if (code == kSuccess) code = call(Call::DeviceGetGpuInstanceById, g.handle_, instance.gpu_instance, &handle);
  GpuInstanceInfo info{};
  if (code == kSuccess) code = call(Call::GpuInstanceGetInfo, handle, &info);
  instance.profile_id = info.profileId;
  instance.profile_status = statusOf(code);
  store(instance.readings, dormant, MigReading::placement_start, code, info.placement.start);
  store(instance.readings, dormant, MigReading::placement_size, code, info.placement.size);
}

void Gather::migSlow(Device mig, Measurements<MigReading>& into, Dormant<MigReading>& dormant) {
  if (due(MigReading::bar1_memory_total_bytes, dormant)) {
    auto bar1 = unwritten<BAR1Memory>();
    const Return code = call(Call::DeviceGetBAR1MemoryInfo, mig, &bar1);
    const auto most = static_cast<double>(std::min<std::uint64_t>(bar1.bar1Total, kMostBytes));
    store(into, dormant, MigReading::bar1_memory_total_bytes, code, bar1.bar1Total, most);
    store(into, dormant, MigReading::bar1_memory_used_bytes, code, bar1.bar1Used, most);
  }
  // Of an instance only these are told (nvml.md §5.9).
  if (due(MigReading::ecc_uncorrected_total, dormant)) {
    auto errors = unwritten<unsigned long long>();
    const Return code = call(Call::DeviceGetTotalEccErrors, mig, kMemoryErrorTypeUncorrected, kVolatileEcc, &errors);
    store(into, dormant, MigReading::ecc_uncorrected_total, code, errors);
  }
}

/// The profiles this GPU offers, and how many more of each fit now.
void Gather::migProfiles() {
  if (!g.migProfilesKnown_) migProfileList();
  for (shm::MigProfile& profile : g.lists_.migProfiles) {
    std::uint32_t available = 0;
    // What nobody may know of one, nobody may know of the others.
    const Return code =
        callUnlessRefused(Call::DeviceGetGpuInstanceRemainingCapacity, g.handle_, profile.id, &available);
    profile.available = available;
    profile.available_status = statusOf(code);
  }
}

/// What is offered does not change while MIG is on: a whole list stands for an hour, and over a passing error.
void Gather::migProfileList() {
  std::vector<shm::MigProfile> profiles;
  bool whole = true;
  for (std::uint32_t number = 0; number < kGpuInstanceProfileCount; ++number) {
    shm::MigProfile profile;
    const Return code = migProfile(number, profile);
    if (code == kErrorInvalidArgument) break;  // past the end
    if (mayPass(code)) whole = false;
    if (code == kSuccess && profiles.size() < shm::kMaxMigProfilesPerGpu) profiles.push_back(profile);
  }
  g.migProfilesKnown_ = whole;
  if (whole || g.lists_.migProfiles.size() < profiles.size()) g.lists_.migProfiles = profiles;
}

Return Gather::migProfile(std::uint32_t number, shm::MigProfile& profile) {
  GpuInstanceProfileInfo_v3 v3{};
  v3.version = kGpuInstanceProfileInfo_v3Version;
  Return code = call(Call::DeviceGetGpuInstanceProfileInfoV, g.handle_, number, static_cast<void*>(&v3));
  if (code == kSuccess) {
    profile.id = v3.id;
    profile.slices = v3.sliceCount;
    profile.multiprocessors = v3.multiprocessorCount;
    profile.capacity = v3.instanceCount;
    profile.memory_bytes = v3.memorySizeMB << 20;
    std::memcpy(profile.name, v3.name, sizeof profile.name);
  } else if (code == kErrorArgumentVersionMismatch) {
    GpuInstanceProfileInfo_v2 v2{};
    v2.version = kGpuInstanceProfileInfo_v2Version;
    code = call(Call::DeviceGetGpuInstanceProfileInfoV, g.handle_, number, static_cast<void*>(&v2));
    profile.id = v2.id;
    profile.slices = v2.sliceCount;
    profile.multiprocessors = v2.multiprocessorCount;
    profile.capacity = v2.instanceCount;
    profile.memory_bytes = v2.memorySizeMB << 20;
    std::memcpy(profile.name, v2.name, sizeof profile.name);
  }
  if (isOlderDriver(code)) {
    GpuInstanceProfileInfo v1{};
    code = call(Call::DeviceGetGpuInstanceProfileInfo, g.handle_, number, &v1);
    profile.id = v1.id;
    profile.slices = v1.sliceCount;
    profile.multiprocessors = v1.multiprocessorCount;
    profile.capacity = v1.instanceCount;
    profile.memory_bytes = v1.memorySizeMB << 20;
  }
  profile.name[sizeof profile.name - 1] = 0;
  return code;
}

void Gather::migAttributes(Device mig, Measurements<MigReading>& into, Dormant<MigReading>& dormant) {
  if (!due(MigReading::multiprocessors, dormant)) return;
  auto a = unwritten<DeviceAttributes>();
  Return code = callUnlessRefused(Call::DeviceGetAttributes_v2, mig, &a);
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
    auto v2 = unwritten<Memory_v2>();
    v2.version = kMemory_v2Version;
    Return& refused = g.refused_[nvml::index(Call::DeviceGetMemoryInfo_v2)];
    Return code = refused != kSuccess ? refused : call(Call::DeviceGetMemoryInfo_v2, g.migHandles_[i], &v2);
    const Return reserved = code;
    if (isOlderDriver(code)) {
      // Version 1 counts what the driver reserves as used and does not tell it apart.
      if (code != kNoSuchSymbol) refused = code;
      auto v1 = unwritten<Memory>();
      code = call(Call::DeviceGetMemoryInfo, g.migHandles_[i], &v1);
      v2.reserved = 0;
      v2.total = v1.total;
      v2.used = v1.used;
      v2.free = v1.free;
    }
    // A destroyed instance's handle is refused or not found: look again in the next cycle instead of showing a ghost.
    if (code == kErrorInvalidArgument || code == kErrorNotFound) stale = true;
    const bool plausible = isPlausible(v2);
    auto put = [&](MigReading reading, Return r, std::uint64_t bytes) {
      store(into, dormant, reading, r, plausible ? static_cast<double>(bytes) : kNotANumber);
    };
    put(MigReading::memory_total_bytes, code, v2.total);
    put(MigReading::memory_used_bytes, code, v2.used);
    put(MigReading::memory_free_bytes, code, v2.free);
    put(MigReading::memory_reserved_bytes, reserved, v2.reserved);
  }
  if (stale) lookAgain();
}

}  // namespace gna::nvml
