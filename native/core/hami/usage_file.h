#pragma once
// Reads one usage file as if its owner were an enemy: he may truncate, replace, link or corrupt it while we read.
//
// The name is first opened as a path only (O_PATH, no link followed): that touches no driver, so a device node in
// disguise is never opened, not even for the instant between a look and an open. What was found must be a regular
// file with one link on the directory's own file system; only then is that same inode opened for reading, through
// /proc/self/fd. The file is read with pread and never mapped: a truncated mapping is a SIGBUS, a truncated pread is
// a short one.

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "core/hami/owned_fd.h"
#include "core/hami/usage.h"

namespace gna::hami {

/// Buffers of one reading thread, about 250 KiB, made once.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  struct Buffers;
  Buffers& buffers() { return *buffers_; }

 private:
  std::unique_ptr<Buffers> buffers_;
};

/// Which file this was. A removed and recreated file can have the same inode number again.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const FileIdentity&) const = default;
};

/// How a read ended.
struct ReadOutcome {
  Refusal refusal = Refusal::none;
  std::optional<int> errorNumber;        // errno of the call that failed, where one did
  std::optional<FileIdentity> identity;  // absent when there is no file

  bool ok() const { return refusal == Refusal::none; }
};

/// Tries for one slot whose sequence counter is odd or moves. A writer killed half-way leaves it odd for good.
inline constexpr int kSlotTries = 4;

/// A verified usage file, held open so that a later read needs no path. While it is held its inode number cannot be
/// given to another file, so a replacement is always seen.
class UsageFile {
 public:
  /// Opens `name` in the directory `directoryFd` (O_PATH is enough). Never follows a link, never blocks on a FIFO,
  /// never opens a device. Needs /proc.
  ReadOutcome open(int directoryFd, const char* name);

  /// True if `path`, relative to `rootFd`, is still this file, with one link. A link in the last place is not followed.
  bool stillAt(int rootFd, const char* path) const;

  /// Reads the open file into `out`, which is complete when the outcome is ok, else reset.
  ReadOutcome read(Scratch& scratch, FileUsage& out) const;

  bool held() const { return static_cast<bool>(fd_); }
  void close() { fd_.reset(); }

 private:
  OwnedFd fd_;
  FileIdentity identity_;
};

/// Opens, reads and closes in one step.
ReadOutcome read(int directoryFd, const char* name, Scratch& scratch, FileUsage& out);

/// Opens a child directory (`flags`: O_PATH, or O_RDONLY to list it), refusing links and other file systems than
/// `device`. Empty when `outcome` is not ok.
OwnedFd openChildDirectory(int parentFd, const char* name, dev_t device, int flags, ReadOutcome& outcome);

}  // namespace gna::hami
