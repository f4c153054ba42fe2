#pragma once
// Lists a directory through a descriptor, without allocating: opendir would take 32 KiB from the heap each time.

#include <cstdint>
#include <string_view>

namespace gna::hami {

/// What kind of thing an entry is, as far as the file system says so for free.
enum class EntryKind { directory, link, other, unknown };

/// Reads entries one by one. The descriptor must be open for reading and at its beginning; it is not owned.
class DirectoryEntries {
 public:
  explicit DirectoryEntries(int fd) : fd_(fd) {}
  DirectoryEntries(const DirectoryEntries&) = delete;
  DirectoryEntries& operator=(const DirectoryEntries&) = delete;

  struct Entry {
    const char* name;  // NUL-terminated, valid until the next call
    EntryKind kind;
  };

  /// The next entry except "." and ".."; false at the end or on an error (then `errorNumber()` is not 0).
  bool next(Entry& out);

  int errorNumber() const { return error_; }

 private:
  int fd_;
  int error_ = 0;
  long filled_ = 0, at_ = 0;
  alignas(8) char buffer_[16384];
};

}  // namespace gna::hami
