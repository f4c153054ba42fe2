#include "sampler/enumeration.h"

#include <algorithm>
#include <charconv>

#include "core/nvml/gpu_reader.h"

namespace gna {

namespace {

using proc::PciAddress;

constexpr std::uint32_t kHighestIndex = 1023;

bool isUuid(const std::string& text) { return text.size() > 4 && text.rfind("GPU-", 0) == 0; }

std::optional<PciAddress> addressOf(const shm::GpuFixed& record) { return proc::parsePciAddress(record.pci_bus_id); }

class Enumeration {
 public:
  explicit Enumeration(const EnumerationSources& sources) : sources_(sources), positions_(sources.count) {}

  std::vector<GpuPosition> run(const std::vector<ExcludedGpu>& excluded) {
    leaveUnread(excluded);
    place(!excluded.empty());
    leaveIndexesUnread(excluded);
    for (const ExcludedGpu& gpu : excluded) {
      if (gpu.index)
        leaveOutIndex(gpu, *gpu.index);
      else
        leaveOut(gpu, whereabouts(gpu));
    }
    return std::move(positions_);
  }

 private:
  /// Finds the address of each index. What was found before about the very GPUs of the list comes first: it was seen.
  /// Else NVML's order is taken to be that of the PCI addresses of the GPUs it counts, so a list of the same length
  /// says it all. A list of another length (a container, GPUs that a module option excludes) says it only together with
  /// what a predecessor found at a count that has not changed.
  void place(bool worthAsking) {
    const bool sameCount = sources_.former.count == sources_.count;
    if (sameCount && formerAreTheList())
      placeFormer();
    else if (sources_.inOrder && sources_.listed && listedCount() == sources_.count)
      placeListed(*sources_.listed);
    else if (sameCount && formerAreListed())
      placeFormer();
    else if (sources_.inOrder && worthAsking && listedCount() > sources_.count)
      placeCounted();
  }

  std::size_t listedCount() const { return sources_.listed ? sources_.listed->size() : 0; }

  /// Addresses at which a GPU that is to be left alone was seen: their files are not read.
  void leaveUnread(const std::vector<ExcludedGpu>& excluded) {
    for (const ExcludedGpu& gpu : excluded) {
      if (gpu.address) unread_.push_back(*gpu.address);
      if (gpu.index) unreadAll_ = true;  // until its address is known
      for (const FormerGpu& former : sources_.former.gpus)
        if (const auto address = addressOf(former.record);
            address && !gpu.uuid.empty() && gpu.uuid == former.record.uuid)
          unread_.push_back(*address);
    }
  }

  /// The same for those of which an index alone is known, as far as it says where they are.
  void leaveIndexesUnread(const std::vector<ExcludedGpu>& excluded) {
    unreadAll_ = false;
    for (const ExcludedGpu& gpu : excluded) {
      if (!gpu.index) continue;
      if (!indexesSpeak()) {
        unreadAll_ = true;
      } else if (*gpu.index < sources_.count) {
        if (const auto& address = positions_[*gpu.index].address)
          unread_.push_back(*address);
        else
          unreadAll_ = true;
      }
    }
  }

  std::optional<proc::DriverGpuInformation> informationOf(const PciAddress& address) const {
    if (unreadAll_ || std::find(unread_.begin(), unread_.end(), address) != unread_.end()) return std::nullopt;
    return sources_.information(address);
  }

  void placeListed(const std::vector<PciAddress>& addresses) {
    for (std::uint32_t i = 0; i < sources_.count; ++i) {
      positions_[i].address = addresses[i];
      positions_[i].byOrder = true;
      const auto& gpus = sources_.former.gpus;
      const auto found =
          std::find_if(gpus.begin(), gpus.end(), [&](const auto& f) { return addressOf(f.record) == addresses[i]; });
      if (found != gpus.end()) positions_[i].former = &*found;
    }
  }

  void placeFormer() {
    for (const FormerGpu& former : sources_.former.gpus) {
      if (!former.index || *former.index >= sources_.count) continue;
      positions_[*former.index].former = &former;
      positions_[*former.index].address = addressOf(former.record);
    }
  }

  /// Without those that a module option excludes. Whose file cannot or must not be read
  /// may be counted: with all of those the numbers must agree, or nothing is placed.
  void placeCounted() {
    if (!sources_.listed) return;
    std::vector<PciAddress> counted;
    for (const PciAddress& address : *sources_.listed) {
      const auto information = informationOf(address);
      if (!information || !information->excluded) counted.push_back(address);
    }
    if (counted.size() == sources_.count) placeListed(counted);
  }

  /// Whether those of the enumeration before are the GPUs of the list, each once.
  bool formerAreTheList() const {
    if (!sources_.listed) return false;
    std::vector<PciAddress> addresses;
    for (const FormerGpu& former : sources_.former.gpus) {
      const auto address = addressOf(former.record);
      if (former.index && address) addresses.push_back(*address);
    }
    std::sort(addresses.begin(), addresses.end());
    return addresses == *sources_.listed && addresses.size() == sources_.count;
  }

  bool isListed(const PciAddress& address) const {
    return sources_.listed && std::binary_search(sources_.listed->begin(), sources_.listed->end(), address);
  }

  /// Whether every GPU of the enumeration before is still in the driver's hands, as far as anybody can see.
  bool formerAreListed() const {
    if (!sources_.listed) return true;
    return std::all_of(sources_.former.gpus.begin(), sources_.former.gpus.end(), [&](const FormerGpu& former) {
      const auto address = addressOf(former.record);
      return !former.index || !address || isListed(*address);
    });
  }

  /// Where the GPU was last seen; for a UUID nobody has seen, where the kernel driver says it is.
  std::optional<PciAddress> whereabouts(const ExcludedGpu& gpu) const {
    if (gpu.address) return gpu.address;
    for (const FormerGpu& former : sources_.former.gpus)
      if (gpu.uuid == former.record.uuid) return addressOf(former.record);
    if (!sources_.listed) return std::nullopt;
    for (const PciAddress& address : *sources_.listed) {
      const auto information = informationOf(address);
      if (information && information->uuid == gpu.uuid) return address;
    }
    return std::nullopt;
  }

  static const char* uuidAt(const GpuPosition& position) { return position.former ? position.former->record.uuid : ""; }

  void leaveOut(const ExcludedGpu& gpu, const std::optional<PciAddress>& address) {
    for (GpuPosition& position : positions_) {
      const char* uuid = uuidAt(position);
      const bool same = uuid[0] != 0 && !gpu.uuid.empty() ? gpu.uuid == uuid : address && position.address == address;
      if (same) return mark(position, gpu, false);
    }
    // It is at no place where it is known to be. It may be gone, it may have come to a new place.
    for (std::uint32_t i = 0; i < sources_.count; ++i) {
      GpuPosition& position = positions_[i];
      if (uuidAt(position)[0] != 0) continue;  // somebody else, known by name
      if (!position.address) {
        if (mayBeAt(i, address)) mark(position, gpu, true);
      } else if (!gpu.uuid.empty()) {
        const auto information = informationOf(*position.address);
        const bool nameless = !information || information->uuid.empty();
        if (!nameless && information->uuid == gpu.uuid) return mark(position, gpu, false);
        if (nameless && !address) mark(position, gpu, true);
      }
    }
  }

  /// Whether an index nobody can name may be the GPU of that address. The GPUs that NVML counts are some of those
  /// listed, in the same order: the index is at most the place in the list, and less by no more than are not counted.
  bool mayBeAt(std::uint32_t i, const std::optional<PciAddress>& address) const {
    const auto& listed = sources_.listed;
    if (!sources_.inOrder || !listed || !address || listed->size() < sources_.count) return true;
    const auto at = std::lower_bound(listed->begin(), listed->end(), *address);
    if (at == listed->end() || *at != *address) return false;
    const auto place = static_cast<std::size_t>(at - listed->begin());
    return i <= place && i + (listed->size() - sources_.count) >= place;
  }

  /// An index alone speaks of the enumeration in which it was given.
  bool indexesSpeak() const { return sources_.former.count == 0 || sources_.former.count == sources_.count; }

  void leaveOutIndex(const ExcludedGpu& gpu, std::uint32_t index) {
    if (indexesSpeak()) {
      if (index < sources_.count) mark(positions_[index], gpu, false);
      return;
    }
    for (GpuPosition& position : positions_)
      if (uuidAt(position)[0] == 0) mark(position, gpu, true);
  }

  static void mark(GpuPosition& position, const ExcludedGpu& gpu, bool inDoubt) {
    if (position.named && !position.inDoubt) return;
    position.named = &gpu;
    position.inDoubt = inDoubt;
  }

  const EnumerationSources& sources_;
  std::vector<GpuPosition> positions_;
  std::vector<PciAddress> unread_;  // addresses whose files are not read
  bool unreadAll_ = false;          // nobody knows at which address somebody is who is to be left alone
};

}  // namespace

std::optional<ExcludedGpu> parseExcludedGpu(const std::string& text) {
  ExcludedGpu gpu;
  if (isUuid(text)) {
    const std::size_t at = text.find('@');
    gpu.uuid = text.substr(0, at);
    if (at == std::string::npos) return gpu;
    gpu.address = proc::parsePciAddress(text.substr(at + 1));
    return gpu.address ? std::optional(gpu) : std::nullopt;
  }
  gpu.address = proc::parsePciAddress(text);
  if (gpu.address) return gpu;
  std::uint32_t index = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (code != std::errc{} || end != text.data() + text.size() || index > kHighestIndex) return std::nullopt;
  gpu.index = index;
  return gpu;
}

void FormerGpus::add(const shm::Segment& segment, const shm::DriverRecord& driver, bool asEnumerated, bool misplaced) {
  const std::uint64_t gpuCount = driver.gpu_count;
  if (asEnumerated) count = gpuCount;
  // Those that are gone lie behind those that are counted, without a gap.
  for (std::uint32_t i = 0; i < shm::kMaxGpus; ++i) {
    FormerGpu former;
    if (segment.gpu(i).count() == 0) {
      if (i >= gpuCount) break;
      continue;
    }
    if (!nvml::readCarried(segment, i, former.record)) continue;
    const shm::GpuFixed& record = former.record;
    if (!shm::isPlaceKnown(driver.order_is_none != 0, record)) continue;
    const auto known = std::find_if(gpus.begin(), gpus.end(), [&](const FormerGpu& other) {
      if (record.uuid[0] != 0) return std::string_view(record.uuid) == other.record.uuid;
      return std::string_view(record.pci_bus_id) == other.record.pci_bus_id;
    });
    if (record.uuid[0] == 0 && record.pci_bus_id[0] == 0) continue;
    const bool unseen = misplaced && record.state == shm::GpuState::excluded;
    if (asEnumerated && i < gpuCount && record.state != shm::GpuState::gone && !unseen) former.index = i;
    if (known == gpus.end())
      gpus.push_back(former);
    else if (former.index && !known->index)
      *known = former;  // it was seen here, and was only thought to be there
  }
}

std::vector<GpuPosition> enumerateGpus(const EnumerationSources& sources, const std::vector<ExcludedGpu>& excluded) {
  return Enumeration(sources).run(excluded);
}

}  // namespace gna
