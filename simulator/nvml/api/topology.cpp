// How near two GPUs are to each other.
#include "../call.h"

using namespace simulator;

namespace {

constexpr unsigned kInternal = 0;
constexpr unsigned kSingleSwitch = 10;
constexpr unsigned kHostBridge = 30;
constexpr unsigned kNumaNode = 40;
constexpr unsigned kSystem = 50;

unsigned levelOf(const Gpu& one, const Gpu& other) {
  const auto share = [&](Attribute attribute) {
    const auto place = one.attributes.number(attribute);
    return place && place == other.attributes.number(attribute);
  };
  if (share(Attribute::topologySwitch)) return kSingleSwitch;
  if (share(Attribute::topologyHostBridge)) return kHostBridge;
  return share(Attribute::topologyNumaNode) ? kNumaNode : kSystem;
}

}  // namespace

NVML_API Return nvmlDeviceGetTopologyCommonAncestor(DeviceHandle device1, DeviceHandle device2, unsigned* level) {
  return onDevice(__func__, device1, Accepts::WholeGpus, [&](const Call& call) {
    HandleParts other{};
    if (level == nullptr || !decodeHandle(device2, other) || other.gpu >= call.view.gpus.size() ||
        other.migCreation != 0 || other.generation != (call.library.generation() & 0xFFFFU)) {
      return kInvalidArgument;
    }
    if (call.view.gpus[other.gpu].lost || !call.view.gpus[other.gpu].bound) return kGpuIsLost;
    *level = other.gpu == call.gpuIndex ? kInternal : levelOf(call.gpu, call.view.gpus[other.gpu]);
    return kSuccess;
  });
}
