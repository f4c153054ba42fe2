#pragma once
// One GPU's record: the fixed part and, behind it, the lists of its parts. The order of the lists is written down once,
// here, for writer and readers.

#include <cstring>
#include <span>
#include <vector>

#include "core/shm/records.h"
#include "core/shm/slot_ring.h"

namespace gna::shm {

/// The parts of one GPU. Entries above a list's capacity are not published.
struct GpuLists {
  std::vector<MigInstance> mig;
  std::vector<MigProfile> migProfiles;
  std::vector<NvLink> links;
  std::vector<C2cLink> c2cLinks;
  std::vector<Fan> fans;
  std::vector<Peer> peers;
  std::vector<ProcessEntry> processes;
  std::vector<ProcessUse> processUses;
  std::vector<ProcessAccount> accounts;

  /// Calls `visit(list, capacity)` for each list, in the order of the record.
  template <typename Self, typename Visit>
  static void each(Self& self, Visit visit) {
    visit(self.mig, kMaxMigPerGpu);
    visit(self.migProfiles, kMaxMigProfilesPerGpu);
    visit(self.links, kMaxLinksPerGpu);
    visit(self.c2cLinks, kMaxC2cLinksPerGpu);
    visit(self.fans, kMaxFansPerGpu);
    visit(self.peers, kMaxPeersPerGpu);
    visit(self.processes, kMaxProcessesPerGpu);
    visit(self.processUses, kMaxProcessesPerGpu);
    visit(self.accounts, kMaxAccountsPerGpu);
  }

  /// Empties every list; their memory stays.
  void clear() {
    each(*this, [](auto& list, std::uint32_t) { list.clear(); });
  }
};

inline constexpr std::uint64_t kGpuRecordBytes =
    sizeof(GpuFixed) + kMaxMigPerGpu * sizeof(MigInstance) + kMaxMigProfilesPerGpu * sizeof(MigProfile) +
    kMaxLinksPerGpu * sizeof(NvLink) + kMaxC2cLinksPerGpu * sizeof(C2cLink) + kMaxFansPerGpu * sizeof(Fan) +
    kMaxPeersPerGpu * sizeof(Peer) + kMaxProcessesPerGpu * (sizeof(ProcessEntry) + sizeof(ProcessUse)) +
    kMaxAccountsPerGpu * sizeof(ProcessAccount);

/// Publishes a GPU's record; `fixed.list_counts` are set from the lists.
inline void publishGpu(SlotRing& ring, GpuFixed& fixed, const GpuLists& lists) {
  SlotRing::Piece pieces[1 + kGpuListCount];
  pieces[0] = {&fixed, sizeof fixed};
  std::size_t at = 0;
  GpuLists::each(lists, [&](const auto& list, std::uint32_t capacity) {
    const std::size_t count = list.size() < capacity ? list.size() : capacity;
    fixed.list_counts[at++] = count;
    pieces[at] = {list.data(), count * sizeof list[0]};
  });
  ring.publish(pieces);
}

/// Takes a copied record apart. False, and nothing usable, when the words are not a whole record.
[[nodiscard]] inline bool parseGpu(std::span<const std::uint64_t> words, GpuFixed& fixed, GpuLists& lists) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(words.data());
  std::size_t left = words.size_bytes();
  if (left < sizeof fixed) return false;
  std::memcpy(static_cast<void*>(&fixed), bytes, sizeof fixed);
  bytes += sizeof fixed;
  left -= sizeof fixed;
  bool whole = true;
  std::size_t at = 0;
  GpuLists::each(lists, [&](auto& list, std::uint32_t capacity) {
    const std::uint64_t count = fixed.list_counts[at++];
    const std::size_t size = sizeof list[0];
    if (!whole || count > capacity || count * size > left) {
      whole = false;
      return;
    }
    list.resize(count);
    if (count > 0) std::memcpy(static_cast<void*>(list.data()), bytes, count * size);
    bytes += count * size;
    left -= count * size;
  });
  return whole;
}

}  // namespace gna::shm
