// How near two GPUs are to each other, and what they can do with each other's memory.
#include "../call.h"
#include "../nvlinks.h"

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

/// What one GPU can do with another's memory: read, write, over NVLink, atomically, over PCI.
constexpr unsigned kPeerOverNvlink = 2;
constexpr unsigned kPeerAtomics = 3;
constexpr unsigned kPeerOverPci = 4;

constexpr unsigned kPeerOk = 0;
constexpr unsigned kPeerChipsetLacks = 1;
constexpr unsigned kPeerGpuLacks = 2;
constexpr unsigned kPeerLacks = 5;

bool isLinked(const Gpu& gpu) {
  return hasLinks(gpu) && gpu.attributes.number(Attribute::nvlinksActive).value_or(0) != 0;
}

/// An instance reaches no peer; links go to every GPU that has them, PCI only as far as the host bridge.
unsigned peerStatus(const Gpu& one, const Gpu& other, unsigned index) {
  const auto divided = [](const Gpu& gpu) { return gpu.attributes.number(Attribute::migMode) == 1; };
  if (divided(one) || divided(other)) return kPeerGpuLacks;
  const bool linked = isLinked(one) && isLinked(other);
  const bool near = &one == &other || levelOf(one, other) <= kHostBridge;
  switch (index) {
    case kPeerOverNvlink:
    case kPeerAtomics: return linked ? kPeerOk : kPeerLacks;
    case kPeerOverPci: return near ? kPeerOk : kPeerChipsetLacks;
    default: return linked || near ? kPeerOk : kPeerChipsetLacks;
  }
}

/// Answers with `of(one, other)` for two whole GPUs.
template <class Of>
Return onPair(const char* function, DeviceHandle device1, OtherDeviceHandle device2, unsigned* out, Of of) {
  return onDevice(function, device1, Accepts::WholeGpus, [&](const Call& call) {
    HandleParts other{};
    if (out == nullptr || !decodeHandle(device2, other) || other.gpu >= call.view.gpus.size() ||
        other.migCreation != 0 || other.generation != (call.library.generation() & 0xFFFFU)) {
      return kInvalidArgument;
    }
    if (call.view.gpus[other.gpu].lost || !call.view.gpus[other.gpu].bound) return kGpuIsLost;
    *out = of(call.gpu, call.view.gpus[other.gpu]);
    return kSuccess;
  });
}

}  // namespace

NVML_API Return nvmlDeviceGetTopologyCommonAncestor(DeviceHandle device1, OtherDeviceHandle device2, unsigned* level) {
  return onPair(__func__, device1, device2, level,
                [](const Gpu& one, const Gpu& other) { return &one == &other ? kInternal : levelOf(one, other); });
}

NVML_API Return nvmlDeviceGetP2PStatus(DeviceHandle device1, OtherDeviceHandle device2, unsigned index,
                                       unsigned* status) {
  if (index > kPeerOverPci) return kInvalidArgument;
  return onPair(__func__, device1, device2, status,
                [&](const Gpu& one, const Gpu& other) { return peerStatus(one, other, index); });
}
