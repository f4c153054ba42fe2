#include <algorithm>
#include <cstring>
#include <string_view>

#include "core/hami/container_name.h"
#include "core/hami/encoding.h"
#include "core/hami/encoding_sizes.h"
#include "core/hami/uuid_text.h"

namespace gna::hami {

namespace {

constexpr const char* kShort = "words end too early";

struct Pair {
  std::uint32_t low, high;
};

// Hands out words; the caller asks `has` before.
class WordReader {
 public:
  explicit WordReader(std::span<const std::uint64_t> words) : words_(words) {}

  bool has(std::size_t count) const { return words_.size() >= count; }
  bool empty() const { return words_.empty(); }

  std::uint64_t word() {
    const std::uint64_t value = words_.front();
    words_ = words_.subspan(1);
    return value;
  }
  std::int64_t time() { return static_cast<std::int64_t>(word()); }
  Pair pair() {
    const std::uint64_t value = word();
    return {static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(value >> 32)};
  }
  std::string_view text(std::size_t bytes) {
    const std::string_view view(reinterpret_cast<const char*>(words_.data()), bytes);
    words_ = words_.subspan(wordsOfBytes(bytes));
    return view;
  }
  /// Cuts off the next `count` words as a reader of their own.
  WordReader cut(std::size_t count) {
    WordReader part(words_.first(count));
    words_ = words_.subspan(count);
    return part;
  }

 private:
  std::span<const std::uint64_t> words_;
};

const char* readDevice(WordReader& r, FileUsage& u) {
  if (!r.has(kDeviceWords)) return kShort;
  DeviceUsage d;
  const Pair head = r.pair();
  d.index = head.low, d.flags = head.high;
  d.limitBytes = r.word();
  d.smLimitPercent = r.word();
  d.usedBytes = r.word();
  d.contextBytes = r.word();
  d.moduleBytes = r.word();
  d.bufferBytes = r.word();
  d.driverReportedBytes = r.word();
  if (const std::uint64_t util = r.word(); util != 0) d.smUtilPercent = util - 1;
  const std::string_view uuid = r.text(kUuidTextBytes);
  if (d.index >= kMaxDevices || (!u.devices.empty() && u.devices.back().index >= d.index)) return "bad device index";
  if (!isUuidText(uuid)) return "bad UUID";
  std::copy(uuid.begin(), uuid.end(), d.uuid.begin());
  u.devices.push_back(d);
  return nullptr;
}

const char* readProcess(WordReader& r, FileUsage& u, std::uint32_t cellsInAll) {
  if (!r.has(kProcessWords)) return kShort;
  ProcessUsage p;
  const Pair ids = r.pair(), state = r.pair();
  p.pid = static_cast<std::int32_t>(ids.low);
  if (ids.high != 0) p.hostPid = static_cast<std::int32_t>(ids.high);
  p.status = static_cast<std::int32_t>(state.low);
  p.firstCell = static_cast<std::uint32_t>(u.cells.size());
  p.cellCount = state.high;
  if (p.cellCount > cellsInAll - u.cells.size()) return "bad cell count";
  if (!r.has(p.cellCount * kCellWords)) return kShort;
  for (std::uint32_t i = 0; i < p.cellCount; ++i) {
    const Pair head = r.pair();
    ProcessCell cell{
        .deviceIndex = head.low, .usedBytes = r.word(), .driverReportedBytes = r.word(), .smUtilPercent = std::nullopt};
    if (head.high != 0) cell.smUtilPercent = head.high - 1;
    if (cell.deviceIndex >= kMaxDevices) return "bad device index";
    u.cells.push_back(cell);
  }
  u.processes.push_back(p);
  return nullptr;
}

const char* readFile(WordReader& r, FileUsage& u) {
  if (!r.has(kFileWords)) return kShort;
  const Pair kind = r.pair(), loop = r.pair(), use = r.pair(), slots = r.pair(), counts = r.pair(), lists = r.pair();
  const Layout* layout = layoutById(kind.low);
  if (!layout) return "unknown layout";
  u.layout = layout->id, u.flags = kind.high;
  u.priority = static_cast<std::int32_t>(loop.low), u.recentKernel = static_cast<std::int32_t>(loop.high);
  u.utilizationSwitch = static_cast<std::int32_t>(use.low), u.slotsTotal = use.high;
  u.slotsCounted = slots.low, u.slotsUnstable = slots.high, u.devicesDropped = counts.low;
  if (const std::uint64_t seconds = r.word(); seconds != 0) u.lastKernelUnixSeconds = seconds;
  if (u.slotsTotal > kMaxSlots || u.slotsCounted > u.slotsTotal || u.slotsUnstable > u.slotsTotal)
    return "bad slot counts";
  if (counts.high > kMaxDevices) return "too many devices";
  if (lists.low > kMaxListedProcesses || lists.high > kMaxListedCells) return "too many processes";
  u.devices.reserve(counts.high), u.processes.reserve(lists.low), u.cells.reserve(lists.high);
  for (std::uint32_t i = 0; i < counts.high; ++i) {
    if (const char* wrong = readDevice(r, u)) return wrong;
  }
  for (std::uint32_t i = 0; i < lists.low; ++i) {
    if (const char* wrong = readProcess(r, u, lists.high)) return wrong;
  }
  return u.cells.size() == lists.high ? nullptr : "bad cell count";
}

// Only what the sweeper itself could have written: names end up in labels and paths.
bool namesPossible(const ContainerUsage& c) {
  if (c.refusal == Refusal::badName) {
    const bool printable =
        std::all_of(c.container.begin(), c.container.end(), [](char b) { return b > ' ' && b < 127; });
    return c.podUid.empty() && printable;
  }
  const std::string whole = c.podUid + "_" + c.container;
  const ContainerName split = splitName(whole);
  return split.kind == NameKind::container && split.podUid == c.podUid;
}

const char* readContainer(WordReader& r, std::size_t rootCount, ContainerUsage& c) {
  if (!r.has(kContainerWords - 1)) return kShort;  // the word with length and root was taken already
  const Pair end = r.pair(), names = r.pair();
  c.lookedNs = r.time();
  c.windowSpanNs = r.time();
  const auto refusal = refusalFromNumber(end.low);
  if (!refusal) return "unknown refusal";
  c.refusal = *refusal, c.errorNumber = end.high;
  if (c.root >= rootCount) return "bad root index";
  if (names.low > kMaxPodUidBytes || names.high > kMaxShownNameBytes) return "name too long";
  if (!r.has(wordsOfBytes(names.low) + wordsOfBytes(names.high))) return kShort;
  c.podUid = r.text(names.low);
  c.container = r.text(names.high);
  if (!namesPossible(c)) return "bad name";
  if (c.refusal == Refusal::none) {
    if (const char* wrong = readFile(r, c.usage)) return wrong;
  }
  return r.empty() ? nullptr : "words left behind a container";
}

const char* readRoots(WordReader& r, std::uint32_t count, DecodedSweep& out) {
  if (!r.has(std::size_t{count} * kRootWords)) return kShort;
  out.roots.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const Pair state = r.pair(), owner = r.pair(), rest = r.pair();
    const std::uint64_t cut = r.word();
    if (state.low >= kRootConditions || cut > 1) return "unknown root condition";
    out.roots.push_back({.condition = static_cast<RootCondition>(state.low),
                         .errorNumber = state.high,
                         .ownerUid = owner.low,
                         .containers = owner.high,
                         .beyondLimit = rest.low,
                         .otherEntries = rest.high,
                         .listingCut = cut == 1});
  }
  return nullptr;
}

}  // namespace

const char* decode(std::span<const std::uint64_t> words, DecodedSweep& out) {
  out = {};
  if (words.size() < kHeaderWords) return kShort;
  if (words[0] != kEncodingMagic) return "not an encoded sweep";
  if (words[1] != (kEncodingVersion | std::uint64_t{kHeaderWords} << 32)) return "written by another version";
  if (words[2] < kHeaderWords || words[2] > words.size()) return "bad length";
  WordReader r(words.first(static_cast<std::size_t>(words[2])));
  r.cut(3);
  out.sweptNs = r.time();
  out.sampledNs = r.time();
  out.sweeps = r.word();
  out.replacedFiles = r.word();
  const Pair containers = r.pair(), left = r.pair(), counts = r.pair();
  out.containersKnown = containers.low;
  out.processesLeftOut = left.low;
  if (containers.high > containers.low) return "more containers written than known";
  if (counts.high != kRefusalCount) return "written by another version";
  if (!r.has(kRefusalCount)) return kShort;
  for (std::uint32_t& count : out.refusals) count = static_cast<std::uint32_t>(r.word());
  if (const char* wrong = readRoots(r, counts.low, out)) return wrong;

  // Each container has at least its fixed words, so a count that cannot be true reserves nothing.
  if (!r.has(std::size_t{containers.high} * kContainerWords)) return kShort;
  out.containers.reserve(containers.high);
  for (std::uint32_t i = 0; i < containers.high; ++i) {
    if (!r.has(1)) return kShort;
    const Pair head = r.pair();
    if (head.low < kContainerWords || !r.has(head.low - 1)) return kShort;
    WordReader part = r.cut(head.low - 1);
    ContainerUsage& c = out.containers.emplace_back();
    c.root = head.high;
    if (const char* wrong = readContainer(part, counts.low, c)) return wrong;
  }
  return r.empty() ? nullptr : "words left at the end";
}

}  // namespace gna::hami
