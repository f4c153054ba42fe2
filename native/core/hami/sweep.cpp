#include "core/hami/sweep.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <string_view>

#include "core/hami/container_name.h"
#include "core/hami/directory.h"

namespace gna::hami {

namespace {

constexpr std::array<const char*, 3> kDefaultRoots = {"/usr/local/vgpu/containers", "/usr/local/vgpu/vgpu/containers",
                                                      "/tmp/vgpu/containers"};

constexpr std::string_view kCacheSuffix = ".cache";

constexpr int kListFlags = O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC;

std::uint32_t held32(std::uint64_t value) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(value, std::numeric_limits<std::uint32_t>::max()));
}

std::uint32_t descriptorsToHold() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  return static_cast<std::uint32_t>(std::min<rlim_t>(limit.rlim_cur / 2, kMaxHeldFiles));
}

}  // namespace

std::span<const char* const> defaultRoots() { return kDefaultRoots; }

std::vector<std::string> rootsBelow(const std::string& rootfs, std::span<const std::string> configured) {
  std::vector<std::string> roots;
  roots.reserve(kDefaultRoots.size() + configured.size());
  for (const char* root : kDefaultRoots) roots.push_back(rootfs + root);
  roots.insert(roots.end(), configured.begin(), configured.end());
  return roots;
}

// One container between sweeps.
struct Sweeper::Known {
  std::string directory;  // as listed, any bytes
  ContainerUsage usage;
  std::string cacheName;  // empty: nothing to read, `usage.refusal` says why
  std::string cachePath;  // "directory/cacheName", relative to the root
  UsageFile file;         // held when the last read was good
  std::optional<FileIdentity> identity;
  FlickerWindow window;

  Known(std::uint32_t root, const std::string& name) : directory(name) {
    usage.root = root;
    const ContainerName split = splitName(name);
    if (split.kind == NameKind::container) {
      usage.podUid = split.podUid;
      usage.container = split.container;
    } else {
      usage.container = shownName(name);
      usage.refusal = Refusal::badName;
    }
  }

  bool named() const { return !usage.podUid.empty(); }

  void refuse(const ReadOutcome& outcome) {
    cacheName.clear();
    file.close();
    usage.usage.reset();
    usage.refusal = outcome.refusal;
    usage.errorNumber = static_cast<std::uint32_t>(outcome.errorNumber.value_or(0));
    identity.reset();
    window.clear();
    usage.windowSpanNs = 0;
  }
  void refuse(Refusal refusal) { refuse(ReadOutcome{.refusal = refusal, .errorNumber = {}, .identity = {}}); }
};

struct Sweeper::Root {
  std::string path;
  std::uint32_t index;
  OwnedFd fd;
  FileIdentity identity;
  std::vector<std::string> names;  // strings are reused; the first `listed` are this sweep's
  std::size_t listed = 0;
  std::vector<std::unique_ptr<Known>> known;  // by directory name
};

Sweeper::Sweeper(std::vector<std::string> roots) : states_(roots.size()), mayHold_(descriptorsToHold()) {
  roots_.reserve(roots.size());
  for (std::string& path : roots) {
    Root root{};
    root.index = static_cast<std::uint32_t>(roots_.size());
    root.path = std::move(path);
    roots_.push_back(std::move(root));
  }
}

Sweeper::~Sweeper() = default;

SweepView Sweeper::view() const {
  SweepView view{.sweptNs = sweptNs_,
                 .sampledNs = sampledNs_,
                 .sweeps = sweeps_,
                 .replacedFiles = replaced_,
                 .refusals = {},
                 .roots = states_,
                 .containers = order_};
  for (const ContainerUsage* c : order_) ++view.refusals[static_cast<std::size_t>(c->refusal)];
  return view;
}

void Sweeper::sweep(std::int64_t nowNs) {
  order_.clear();
  for (Root& root : roots_) {
    list(root);
    merge(root);
    for (auto& known : root.known) {
      if (known->named()) choose(root, *known);
      order_.push_back(&known->usage);
    }
  }
  ++sweeps_;
  sweptNs_ = nowNs;
  sample(nowNs);
}

void Sweeper::sample(std::int64_t nowNs) {
  held_ = 0;
  for (Root& root : roots_) {
    for (auto& known : root.known) look(root, *known, nowNs);
  }
  sampledNs_ = nowNs;
}

// Opens the root anew each time: after a reinstallation the old descriptor would show a deleted directory for ever.
void Sweeper::list(Root& root) {
  RootState& state = states_[root.index];
  state = {};
  root.listed = 0;
  root.fd = OwnedFd(open(root.path.c_str(), kListFlags));
  struct stat st {};
  if (!root.fd || fstat(root.fd.get(), &st) != 0) {
    state.errorNumber = static_cast<std::uint32_t>(errno);
    state.condition = errno == ENOENT ? RootCondition::missing : RootCondition::notReadable;
    root.fd.reset();
    return;
  }
  root.identity = {st.st_dev, st.st_ino};
  state.ownerUid = st.st_uid;
  for (std::size_t i = 0; i < root.index; ++i) {
    if (roots_[i].fd && roots_[i].identity == root.identity) {
      state.condition = RootCondition::duplicate;
      root.fd.reset();
      return;
    }
  }
  state.condition = RootCondition::readable;

  DirectoryEntries entries(root.fd.get());
  DirectoryEntries::Entry entry;
  for (std::uint32_t seen = 0; entries.next(entry); ++seen) {
    if (seen == kMaxRootEntries) {
      state.listingCut = true;
      break;
    }
    // Links are kept: one under a container's name is refused by name, not passed over in silence.
    if (entry.kind == EntryKind::other || splitName(entry.name).kind == NameKind::other) {
      ++state.otherEntries;
    } else if (root.listed == kMaxContainersPerRoot) {
      ++state.containers, ++state.beyondLimit;
    } else {
      ++state.containers;
      if (root.listed == root.names.size()) root.names.emplace_back();
      root.names[root.listed++] = entry.name;
    }
  }
  if (entries.errorNumber() != 0) {
    state.listingCut = true;
    state.errorNumber = static_cast<std::uint32_t>(entries.errorNumber());
  }
}

// Brings `known` in line with this sweep's names; both are sorted, so one pass is enough.
void Sweeper::merge(Root& root) {
  const auto namesEnd = root.names.begin() + static_cast<std::ptrdiff_t>(root.listed);
  std::sort(root.names.begin(), namesEnd);
  auto same = [](const std::string& name, const std::unique_ptr<Known>& k) { return name == k->directory; };
  if (root.listed == root.known.size() && std::equal(root.names.begin(), namesEnd, root.known.begin(), same)) return;

  std::vector<std::unique_ptr<Known>> next;
  next.reserve(root.listed);
  auto old = root.known.begin();
  for (auto name = root.names.begin(); name != namesEnd; ++name) {
    while (old != root.known.end() && (*old)->directory < *name) ++old;
    const bool kept = old != root.known.end() && (*old)->directory == *name;
    next.push_back(kept ? std::move(*old++) : std::make_unique<Known>(root.index, *name));
  }
  root.known = std::move(next);
}

// Finds the one *.cache in a container's directory.
void Sweeper::choose(Root& root, Known& known) {
  ReadOutcome outcome;
  const OwnedFd fd =
      openChildDirectory(root.fd.get(), known.directory.c_str(), root.identity.device, O_RDONLY, outcome);
  if (!fd) return known.refuse(outcome);

  DirectoryEntries entries(fd.get());
  DirectoryEntries::Entry entry;
  std::uint32_t seen = 0, found = 0;
  while (entries.next(entry)) {
    if (++seen > kMaxContainerEntries) return known.refuse(Refusal::tooManyEntries);
    const std::string_view name(entry.name);
    if (!name.ends_with(kCacheSuffix)) continue;
    if (++found > 1) return known.refuse(Refusal::tooManyCacheFiles);
    known.cacheName = name;
  }
  if (entries.errorNumber() != 0) {
    return known.refuse({.refusal = Refusal::notReadable, .errorNumber = entries.errorNumber(), .identity = {}});
  }
  if (found == 0) return known.refuse(Refusal::noCacheFile);
  known.cachePath.assign(known.directory).append("/").append(known.cacheName);
}

// A held file whose name still leads to it needs no opening: that is what makes a look cheap.
ReadOutcome Sweeper::readAgain(const Root& root, Known& known) {
  ReadOutcome outcome;
  if (!known.file.stillAt(root.fd.get(), known.cachePath.c_str())) {
    known.file.close();
    const OwnedFd directory =
        openChildDirectory(root.fd.get(), known.directory.c_str(), root.identity.device, O_PATH, outcome);
    if (directory) outcome = known.file.open(directory.get(), known.cacheName.c_str());
    if (!outcome.ok()) return outcome;
  }
  outcome = known.file.read(scratch_, known.usage.usage);
  if (!outcome.ok() || held_ == mayHold_) {
    known.file.close();
  } else {
    ++held_;
  }
  return outcome;
}

void Sweeper::look(const Root& root, Known& known, std::int64_t nowNs) {
  ContainerUsage& c = known.usage;
  c.lookedNs = nowNs;
  if (known.cacheName.empty()) return;
  const ReadOutcome outcome = readAgain(root, known);
  c.refusal = outcome.refusal;
  c.errorNumber = static_cast<std::uint32_t>(outcome.errorNumber.value_or(0));
  if (outcome.identity && known.identity && *outcome.identity != *known.identity) {
    ++replaced_;
    known.window.clear();
  }
  known.identity = outcome.identity;
  if (!outcome.ok()) {
    c.usage.reset();
    known.window.clear();
    c.windowSpanNs = 0;
    return;
  }

  FlickerWindow::Look now{.atNs = nowNs};
  for (const DeviceUsage& d : c.usage.devices) {
    if (d.smUtilPercent && !(d.flags & kUtilizationImplausible)) now.utilPercent[d.index] = held32(*d.smUtilPercent);
    if (!(d.flags & kDriverReportedImplausible)) now.driverReportedBytes[d.index] = d.driverReportedBytes;
  }
  known.window.add(now);
  c.windowSpanNs = known.window.spanNs();
  for (DeviceUsage& d : c.usage.devices) {
    if (d.smUtilPercent && !(d.flags & kUtilizationImplausible)) d.smUtilPercent = known.window.utilPercent(d.index);
    if (!(d.flags & kDriverReportedImplausible)) d.driverReportedBytes = known.window.driverReportedBytes(d.index);
  }
}

}  // namespace gna::hami
