// What this GPU is to another one: how near, and what it can do with the other's memory.

#include <algorithm>
#include <cstdio>

#include "core/nvml/gather.h"

namespace gna::nvml {

namespace {

struct CapabilityRow {
  PeerReading reading;
  std::uint32_t index;
};

constexpr CapabilityRow kCapabilityRows[] = {
    {PeerReading::p2p_read_status, kP2PCapsIndexRead},     {PeerReading::p2p_write_status, kP2PCapsIndexWrite},
    {PeerReading::p2p_nvlink_status, kP2PCapsIndexNvlink}, {PeerReading::p2p_atomics_status, kP2PCapsIndexAtomics},
    {PeerReading::p2p_pci_status, kP2PCapsIndexPci},
};

/// The entry of a GPU in a list that is in the order of the indexes.
shm::Peer& entryOf(std::vector<shm::Peer>& peers, std::uint32_t index) {
  const auto at = std::lower_bound(peers.begin(), peers.end(), index,
                                   [](const shm::Peer& peer, std::uint32_t wanted) { return peer.gpu_index < wanted; });
  if (at != peers.end() && at->gpu_index == index) return *at;
  shm::Peer entry;
  entry.gpu_index = index;
  return *peers.insert(at, entry);
}

}  // namespace

void GpuReader::readPeer(const PeerGpu& peer) {
  fatal_ = driverCode_ = kSuccess;
  lane_.beginBatch();
  Gather{*this}.peer(peer);
  lane_.idle();
}

void Gather::peer(const PeerGpu& peer) {
  shm::Peer& entry = entryOf(g.lists_.peers, peer.index);
  std::snprintf(entry.uuid, sizeof entry.uuid, "%s", peer.uuid);
  bool passing = false;
  auto book = [&](PeerReading reading, Return code, std::uint32_t value, std::uint32_t highest) {
    // A code that would be this GPU's end may speak of the other one: whose it is, the calls about each alone will say.
    if (isDeviceFatal(code)) g.fatal_ = kSuccess;
    passing = passing || isPassing(code) || code == kErrorInvalidArgument || code == kCallSkipped;
    if (code != kSuccess)
      entry.readings.absent(reading, statusOf(code));
    else if (value > highest)
      entry.readings.absent(reading, reading_status::kImplausible);
    else
      entry.readings.set(reading, value);
  };
  auto level = unwritten<std::uint32_t>();
  const Return near = call(Call::DeviceGetTopologyCommonAncestor, g.handle_, peer.handle, &level);
  book(PeerReading::topology_level, near, level, kTopologySystem);
  for (const auto& [reading, index] : kCapabilityRows) {
    auto status = unwritten<std::uint32_t>();
    const Return code = call(Call::DeviceGetP2PStatus, g.handle_, peer.handle, index, &status);
    book(reading, code, status, kP2PStatusUnknown);
  }
  g.peersAsked_.set(peer.index);
  g.peersToRetry_.set(peer.index, passing);
}

}  // namespace gna::nvml
