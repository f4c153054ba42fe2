#include "core/hami/directory.h"

#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace gna::hami {

namespace {

// The kernel's linux_dirent64: u64 inode, i64 offset, u16 record length, u8 type, NUL-terminated name.
constexpr std::size_t kLengthAt = 16, kTypeAt = 18, kNameAt = 19;

EntryKind kindOf(unsigned char type) {
  switch (type) {
    case DT_DIR: return EntryKind::directory;
    case DT_LNK: return EntryKind::link;
    case DT_UNKNOWN: return EntryKind::unknown;
    default: return EntryKind::other;
  }
}

}  // namespace

bool DirectoryEntries::next(Entry& out) {
  for (;;) {
    if (at_ >= filled_) {
      // The system call itself: glibc has a wrapper only since 2.30.
      filled_ = syscall(SYS_getdents64, fd_, buffer_, sizeof buffer_);
      at_ = 0;
      if (filled_ < 0) error_ = errno;
      if (filled_ <= 0) return false;
    }
    const char* record = buffer_ + at_;
    std::uint16_t length;
    std::memcpy(&length, record + kLengthAt, sizeof length);
    at_ += length;
    const char* name = record + kNameAt;
    if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0) continue;
    out = {.name = name, .kind = kindOf(static_cast<unsigned char>(record[kTypeAt]))};
    return true;
  }
}

}  // namespace gna::hami
