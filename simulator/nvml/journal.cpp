#include "journal.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

namespace simulator {
namespace {

constexpr std::size_t kEntriesOffset = 4096;
constexpr char kMagic[] = "GNSSTAT1";

}  // namespace

Journal::Journal(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  struct stat status {};
  if (fstat(file, &status) == 0 && status.st_size > static_cast<off_t>(kEntriesOffset)) {
    const auto size = static_cast<std::size_t>(status.st_size);
    void* bytes = mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
    if (bytes != MAP_FAILED) {
      std::uint32_t entryBytes = 0;
      std::memcpy(&entryBytes, static_cast<const char*>(bytes) + 8, sizeof entryBytes);
      if (std::memcmp(bytes, kMagic, 8) == 0 && entryBytes == sizeof(Entry)) {
        bytes_ = static_cast<const char*>(bytes);
        size_ = size;
      } else {
        munmap(bytes, size);
      }
    }
  }
  close(file);
}

Journal::~Journal() {
  if (bytes_ != nullptr) munmap(const_cast<char*>(bytes_), size_);
}

std::uint64_t Journal::length() const {
  const std::uint64_t published =
      __atomic_load_n(reinterpret_cast<const std::uint64_t*>(bytes_ + 40), __ATOMIC_ACQUIRE);
  const std::uint64_t room = (size_ - kEntriesOffset) / sizeof(Entry);
  return published < room ? published : room;
}

const Entry* Journal::at(std::uint64_t place) const {
  const auto* entry = reinterpret_cast<const Entry*>(bytes_ + kEntriesOffset) + place;
  // The writer's system call need not store the length in one piece: a length that was read too long ends here.
  return __atomic_load_n(&entry->id, __ATOMIC_ACQUIRE) == place + 1 ? entry : nullptr;
}

std::uint64_t Journal::header(std::size_t offset) const {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes_ + offset, sizeof value);
  return value;
}

}  // namespace simulator
