#include "core/hami/encoding.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string_view>

#include "core/hami/encoding_sizes.h"

namespace gna::hami {

namespace {

// Longest process list first; the first that lets everybody in is used.
constexpr std::array<std::uint32_t, 5> kListLimits = {kMaxListedProcesses, 16, 4, 1, 0};

std::uint32_t listedProcesses(const FileUsage& u, std::uint32_t limit) {
  return std::min(static_cast<std::uint32_t>(u.processes.size()), limit);
}

std::uint32_t listedCells(const FileUsage& u, std::uint32_t processes) {
  return processes == 0 ? 0 : u.processes[processes - 1].firstCell + u.processes[processes - 1].cellCount;
}

std::size_t containerWords(const ContainerUsage& c, std::uint32_t limit) {
  std::size_t words = kContainerWords + wordsOfBytes(c.podUid.size()) + wordsOfBytes(c.container.size());
  if (c.refusal != Refusal::none) return words;
  const std::uint32_t processes = listedProcesses(c.usage, limit);
  return words + kFileWords + c.usage.devices.size() * kDeviceWords + processes * kProcessWords +
         listedCells(c.usage, processes) * kCellWords;
}

std::size_t fixedWords(const SweepView& sweep) {
  return kHeaderWords + kRefusalCount + sweep.roots.size() * kRootWords;
}

std::size_t sweepWords(const SweepView& sweep, std::uint32_t limit) {
  std::size_t words = fixedWords(sweep);
  for (const ContainerUsage* c : sweep.containers) words += containerWords(*c, limit);
  return words;
}

// The caller has made sure that everything fits.
class WordWriter {
 public:
  explicit WordWriter(std::uint64_t* at) : at_(at) {}

  void word(std::uint64_t value) { *at_++ = value; }
  void time(std::int64_t ns) { word(static_cast<std::uint64_t>(ns)); }
  template <typename Low, typename High>
  void pair(Low low, High high) {
    static_assert(sizeof(Low) <= 4);
    word(static_cast<std::uint32_t>(low) | std::uint64_t{static_cast<std::uint32_t>(high)} << 32);
  }
  void text(std::string_view bytes) {
    const std::size_t words = wordsOfBytes(bytes.size());
    std::fill_n(at_, words, 0);
    std::memcpy(at_, bytes.data(), bytes.size());
    at_ += words;
  }
  const std::uint64_t* at() const { return at_; }

 private:
  std::uint64_t* at_;
};

void writeFile(WordWriter& w, const FileUsage& u, std::uint32_t limit) {
  const std::uint32_t processes = listedProcesses(u, limit), cells = listedCells(u, processes);
  w.pair(static_cast<std::uint32_t>(u.layout), u.flags);
  w.pair(u.priority, u.recentKernel);
  w.pair(u.utilizationSwitch, u.slotsTotal);
  w.pair(u.slotsCounted, u.slotsUnstable);
  w.pair(u.devicesDropped, u.devices.size());
  w.pair(processes, cells);
  w.word(u.lastKernelUnixSeconds.value_or(0));
  for (const DeviceUsage& d : u.devices) {
    w.pair(d.index, d.flags);
    w.word(d.limitBytes);
    w.word(d.smLimitPercent);
    w.word(d.usedBytes);
    w.word(d.contextBytes);
    w.word(d.moduleBytes);
    w.word(d.bufferBytes);
    w.word(d.driverReportedBytes);
    w.word(d.smUtilPercent ? std::min(*d.smUtilPercent, std::numeric_limits<std::uint64_t>::max() - 1) + 1 : 0);
    w.text(d.uuidText());
  }
  for (std::uint32_t i = 0; i < processes; ++i) {
    const ProcessUsage& p = u.processes[i];
    w.pair(p.pid, p.hostPid.value_or(0));
    w.pair(p.status, p.cellCount);
    for (std::uint32_t k = p.firstCell; k < p.firstCell + p.cellCount; ++k) {
      const ProcessCell& cell = u.cells[k];
      constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max() - 1;
      w.pair(cell.deviceIndex, cell.smUtilPercent ? std::min(*cell.smUtilPercent, kMost) + 1 : 0u);
      w.word(cell.usedBytes);
      w.word(cell.driverReportedBytes);
    }
  }
}

void writeContainer(WordWriter& w, const ContainerUsage& c, std::uint32_t limit) {
  w.pair(static_cast<std::uint32_t>(containerWords(c, limit)), c.root);
  w.pair(static_cast<std::uint32_t>(c.refusal), c.errorNumber);
  w.pair(static_cast<std::uint32_t>(c.podUid.size()), c.container.size());
  w.time(c.lookedNs);
  w.time(c.windowSpanNs);
  w.text(c.podUid);
  w.text(c.container);
  if (c.refusal == Refusal::none) writeFile(w, c.usage, limit);
}

}  // namespace

std::size_t wordsWanted(const SweepView& sweep) { return sweepWords(sweep, kMaxListedProcesses); }

std::size_t encode(const SweepView& sweep, std::span<std::uint64_t> room) {
  const std::size_t fixed = fixedWords(sweep);
  if (fixed > room.size()) return 0;

  std::uint32_t limit = 0;
  for (const std::uint32_t candidate : kListLimits) {
    limit = candidate;
    if (sweepWords(sweep, candidate) <= room.size()) break;
  }
  std::size_t total = fixed;
  std::uint32_t written = 0, leftOut = 0;
  for (const ContainerUsage* c : sweep.containers) {
    const std::size_t words = containerWords(*c, limit);
    if (total + words > room.size()) break;
    total += words;
    ++written;
    leftOut += static_cast<std::uint32_t>(c->usage.processes.size()) - listedProcesses(c->usage, limit);
  }

  WordWriter w(room.data());
  w.word(kEncodingMagic);
  w.pair(kEncodingVersion, kHeaderWords);
  w.word(total);
  w.time(sweep.sweptNs);
  w.time(sweep.sampledNs);
  w.word(sweep.sweeps);
  w.word(sweep.replacedFiles);
  w.pair(static_cast<std::uint32_t>(sweep.containers.size()), written);
  w.pair(leftOut, limit);
  w.pair(static_cast<std::uint32_t>(sweep.roots.size()), kRefusalCount);
  for (const std::uint32_t count : sweep.refusals) w.word(count);
  for (const RootState& r : sweep.roots) {
    w.pair(static_cast<std::uint32_t>(r.condition), r.errorNumber);
    w.pair(r.ownerUid, r.containers);
    w.pair(r.beyondLimit, r.otherEntries);
    w.word(r.listingCut ? 1 : 0);
  }
  for (std::uint32_t i = 0; i < written; ++i) writeContainer(w, *sweep.containers[i], limit);
  return static_cast<std::size_t>(w.at() - room.data());
}

}  // namespace gna::hami
