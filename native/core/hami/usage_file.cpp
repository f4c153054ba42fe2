#include "core/hami/usage_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "core/hami/decode.h"
#include "core/hami/owned_fd.h"

namespace gna::hami {

namespace {

constexpr std::size_t kLargestSlotBytes = 1960;
constexpr std::uint32_t kChunkSlots = 64;
constexpr std::size_t kLargestHeaderBytes = 1888;
constexpr std::size_t kLargestTailBytes = 24;
constexpr int kInterruptedTries = 8;

constexpr std::string_view kFdPrefix = "/proc/self/fd/";

}  // namespace

struct Scratch::Buffers {
  alignas(8) std::array<std::byte, kLargestHeaderBytes> header;
  alignas(8) std::array<std::byte, kLargestTailBytes> tail;
  alignas(8) std::array<std::byte, kChunkSlots * kLargestSlotBytes> slots;
  alignas(8) std::array<std::byte, kChunkSlots * kLargestSlotBytes> earlier;  // the same slots a moment before
};

Scratch::Scratch() : buffers_(std::make_unique<Buffers>()) {}
Scratch::~Scratch() = default;

namespace {

Refusal refusalOfErrno(int error) {
  switch (error) {
    case ENOENT: return Refusal::gone;
    case ELOOP: return Refusal::symlink;
    case ENOTDIR: return Refusal::notRegular;
    default: return Refusal::notReadable;
  }
}

ReadOutcome failed(int error) { return {.refusal = refusalOfErrno(error), .errorNumber = error, .identity = {}}; }

// One open usage file while it is read.
class Reading {
 public:
  Reading(int fd, Scratch::Buffers& buffers, FileUsage& out) : fd_(fd), b_(buffers), out_(out) {}

  Refusal run(std::uint64_t fileBytes) {
    if (fileBytes == 0) return Refusal::notReady;  // created, size not yet set
    if (!sizePossible(fileBytes)) return Refusal::sizeUnknown;
    // One call brings what tells the layout and, for all layouts, everything before the slots.
    const Refusal first = take(b_.header.data(), kLargestHeaderBytes, 0);
    if (first != Refusal::none) return first;
    const Recognition r = recognize(fileBytes, b_.header.data());
    if (!r.layout) return r.refusal;
    const Layout& layout = *r.layout;
    const Refusal last = take(b_.tail.data(), layout.tailEnd() - layout.procNumAt, layout.procNumAt);
    if (last != Refusal::none) return last;
    const Refusal region = decodeRegion(layout, r.assumed, b_.header.data(), b_.tail.data(), out_);
    if (region != Refusal::none) return region;
    for (std::uint32_t slot = 0; slot < out_.slotsTotal; slot += kChunkSlots) {
      const Refusal chunk = takeSlots(layout, slot, std::min(kChunkSlots, out_.slotsTotal - slot));
      if (chunk != Refusal::none) return chunk;
    }
    finishSums(out_);
    return Refusal::none;
  }

  std::optional<int> errorNumber() const { return errorNumber_; }

 private:
  // The offsets come from the layout table and stay below 3 MB, so off_t is wide enough everywhere.
  Refusal take(std::byte* to, std::size_t bytes, std::uint64_t offset) {
    std::size_t done = 0;
    int interrupted = 0;
    while (done < bytes) {
      const ssize_t n = pread(fd_, to + done, bytes - done, static_cast<off_t>(offset + done));
      if (n > 0) {
        done += static_cast<std::size_t>(n);
      } else if (n == 0) {
        return Refusal::shortRead;
      } else if (errno != EINTR || ++interrupted > kInterruptedTries) {
        errorNumber_ = errno;
        return Refusal::notReadable;
      }
    }
    return Refusal::none;
  }

  Refusal takeSlots(const Layout& l, std::uint32_t first, std::uint32_t count) {
    const std::uint64_t offset = l.procsAt + std::uint64_t{first} * l.slotBytes;
    const std::size_t bytes = std::size_t{count} * l.slotBytes;
    if (l.slotSeqlockAt) {
      // A copy is whole if its slot's counter was the same, and even, in a copy made before and in the copy itself.
      const Refusal earlier = take(b_.earlier.data(), bytes, offset);
      if (earlier != Refusal::none) return earlier;
    }
    const Refusal refusal = take(b_.slots.data(), bytes, offset);
    if (refusal != Refusal::none) return refusal;
    for (std::uint32_t i = 0; i < count; ++i) {
      std::byte* slot = b_.slots.data() + std::size_t{i} * l.slotBytes;
      if (l.slotSeqlockAt) {
        const Refusal settled =
            settle(l, b_.earlier.data() + std::size_t{i} * l.slotBytes, slot, offset + std::uint64_t{i} * l.slotBytes);
        if (settled != Refusal::none) return settled;
      }
      addSlot(l, slot, out_);
    }
    return Refusal::none;
  }

  // Reads the slot again until two copies in a row carry the same even counter; after the last try it is taken as is.
  Refusal settle(const Layout& l, std::byte* earlier, std::byte* slot, std::uint64_t offset) {
    for (int tries = 1;; ++tries) {
      const auto sequence = slotSequence(l, slot);
      if (sequence && sequence == slotSequence(l, earlier) && *sequence % 2 == 0) return Refusal::none;
      if (tries == kSlotTries) {
        ++out_.slotsUnstable;
        return Refusal::none;
      }
      std::memcpy(earlier, slot, l.slotBytes);
      const Refusal refusal = take(slot, l.slotBytes, offset);
      if (refusal != Refusal::none) return refusal;
    }
  }

  int fd_;
  Scratch::Buffers& b_;
  FileUsage& out_;
  std::optional<int> errorNumber_;
};

// O_NOATIME is allowed only to the file's owner and to CAP_FOWNER; without it relatime still limits the change.
int reopenForReading(int pathFd) {
  std::array<char, kFdPrefix.size() + 12> path{};
  std::memcpy(path.data(), kFdPrefix.data(), kFdPrefix.size());
  std::to_chars(path.data() + kFdPrefix.size(), path.data() + path.size() - 1, pathFd);
  constexpr int kFlags = O_RDONLY | O_NONBLOCK | O_CLOEXEC;
  const int fd = ::open(path.data(), kFlags | O_NOATIME);
  return fd >= 0 || errno != EPERM ? fd : ::open(path.data(), kFlags);
}

Refusal judge(const struct stat& st) {
  if (S_ISLNK(st.st_mode)) return Refusal::symlink;
  if (!S_ISREG(st.st_mode)) return Refusal::notRegular;
  if (st.st_nlink == 0) return Refusal::gone;
  if (st.st_nlink != 1) return Refusal::tooManyLinks;
  return Refusal::none;
}

}  // namespace

ReadOutcome UsageFile::open(int directoryFd, const char* name) {
  close();
  struct stat directory {
  }, found{};
  if (fstat(directoryFd, &directory) != 0) return failed(errno);
  const OwnedFd path(openat(directoryFd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!path || fstat(path.get(), &found) != 0) return failed(errno);
  identity_ = {found.st_dev, found.st_ino};
  ReadOutcome outcome{.refusal = judge(found), .errorNumber = {}, .identity = identity_};
  if (outcome.ok() && found.st_dev != directory.st_dev) outcome.refusal = Refusal::otherFilesystem;
  if (!outcome.ok()) return outcome;
  fd_ = OwnedFd(reopenForReading(path.get()));
  if (!fd_) {
    outcome.errorNumber = errno;
    outcome.refusal = Refusal::notReadable;
  }
  return outcome;
}

bool UsageFile::stillAt(int rootFd, const char* path) const {
  struct stat found {};
  return held() && fstatat(rootFd, path, &found, AT_SYMLINK_NOFOLLOW) == 0 && judge(found) == Refusal::none &&
         FileIdentity{found.st_dev, found.st_ino} == identity_;
}

ReadOutcome UsageFile::read(Scratch& scratch, FileUsage& out) const {
  out.reset();
  struct stat before {
  }, after{};
  if (fstat(fd_.get(), &before) != 0) return failed(errno);
  Reading reading(fd_.get(), scratch.buffers(), out);
  ReadOutcome outcome{.refusal = reading.run(static_cast<std::uint64_t>(before.st_size)),
                      .errorNumber = reading.errorNumber(),
                      .identity = identity_};
  if (outcome.ok() && (fstat(fd_.get(), &after) != 0 || after.st_size != before.st_size)) {
    outcome.refusal = Refusal::sizeChanged;
  }
  if (!outcome.ok()) out.reset();
  return outcome;
}

ReadOutcome read(int directoryFd, const char* name, Scratch& scratch, FileUsage& out) {
  UsageFile file;
  const ReadOutcome opened = file.open(directoryFd, name);
  if (opened.ok()) return file.read(scratch, out);
  out.reset();
  return opened;
}

OwnedFd openChildDirectory(int parentFd, const char* name, dev_t device, int flags, ReadOutcome& outcome) {
  outcome = {};
  OwnedFd fd(openat(parentFd, name, flags | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat st {};
  if (!fd) {
    const int error = errno;
    outcome = failed(error);
    // A link and a plain file give the same error here; only the link is worth naming.
    if (error == ENOTDIR && fstatat(parentFd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode)) {
      outcome = {.refusal = Refusal::symlink, .errorNumber = {}, .identity = {}};
    }
    return fd;
  }
  if (fstat(fd.get(), &st) != 0) {
    outcome = failed(errno);
  } else if (st.st_dev != device) {
    outcome.refusal = Refusal::otherFilesystem;
  }
  if (!outcome.ok()) fd.reset();
  return fd;
}

}  // namespace gna::hami
