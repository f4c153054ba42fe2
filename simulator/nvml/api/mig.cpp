// GPUs divided into MIG instances.
#include "../call.h"

using namespace simulator;

namespace {

constexpr std::uint64_t kMebibyte = 1'048'576;

DeviceAttributesV1 sharedAttributes(const MigInstance& mig) {
  const auto number = [](std::uint64_t value) { return static_cast<std::uint32_t>(value); };
  return {number(mig.multiprocessors), number(mig.copyEngines), number(mig.decoders),
          number(mig.encoders),        number(mig.jpegEngines), number(mig.ofaEngines)};
}

}  // namespace

NVML_API Return nvmlDeviceGetMigMode(DeviceHandle device, unsigned* current, unsigned* pending) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (current == nullptr || pending == nullptr) return kInvalidArgument;
    const Return given = call.give(current, Attribute::migMode);
    return given == kSuccess ? call.give(pending, Attribute::migModePending) : given;
  });
}

NVML_API Return nvmlDeviceGetMaxMigDeviceCount(DeviceHandle device, unsigned* count) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (count == nullptr) return kInvalidArgument;
    *count =
        call.migEnabled() ? static_cast<unsigned>(call.gpu.attributes.number(Attribute::migDevicesMax).value_or(0)) : 0;
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetMigDeviceHandleByIndex(DeviceHandle device, unsigned index, DeviceHandle* migDevice) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (migDevice == nullptr) return kInvalidArgument;
    if (!call.migEnabled()) return kNotSupported;
    if (index >= call.gpu.attributes.number(Attribute::migDevicesMax).value_or(0)) return kInvalidArgument;
    const auto& slots = call.gpu.migInstances;
    if (index >= slots.size() || !slots[index]) return kNotFound;
    *migDevice = call.handle(slots[index]->creation);
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceIsMigDeviceHandle(DeviceHandle device, unsigned* isMigDevice) {
  return onDevice(__func__, device, Accepts::Both, [&](const Call& call) {
    if (isMigDevice == nullptr) return kInvalidArgument;
    *isMigDevice = call.mig != nullptr ? 1 : 0;
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetDeviceHandleFromMigDeviceHandle(DeviceHandle migDevice, DeviceHandle* device) {
  return onDevice(__func__, migDevice, Accepts::MigInstances, [&](const Call& call) {
    if (device == nullptr) return kInvalidArgument;
    *device = call.handle(0);
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetGpuInstanceId(DeviceHandle device, unsigned* id) {
  return onDevice(__func__, device, Accepts::MigInstances,
                  [&](const Call& call) { return Call::give(id, std::optional(call.mig->gpuInstance)); });
}

NVML_API Return nvmlDeviceGetComputeInstanceId(DeviceHandle device, unsigned* id) {
  return onDevice(__func__, device, Accepts::MigInstances,
                  [&](const Call& call) { return Call::give(id, std::optional(call.mig->computeInstance)); });
}

NVML_API Return nvmlDeviceGetAttributes_v2(DeviceHandle device, DeviceAttributes* attributes) {
  return onDevice(__func__, device, Accepts::MigInstances, [&](const Call& call) {
    if (attributes == nullptr) return kInvalidArgument;
    const MigInstance& mig = *call.mig;
    *attributes = {sharedAttributes(mig), static_cast<std::uint32_t>(mig.slices),
                   static_cast<std::uint32_t>(mig.computeSlices), mig.memoryTotalBytes / kMebibyte};
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetAttributes(DeviceHandle device, DeviceAttributesV1* attributes) {
  return onDevice(__func__, device, Accepts::MigInstances, [&](const Call& call) {
    if (attributes == nullptr) return kInvalidArgument;
    *attributes = sharedAttributes(*call.mig);
    return kSuccess;
  });
}
