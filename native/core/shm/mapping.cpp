#include "core/shm/mapping.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace gna::shm {

proc::Descriptor makeSealedMemory(const char* name, std::size_t bytes) {
  proc::Descriptor memory{memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  if (!memory.valid()) return memory;
  if (ftruncate(memory.get(), static_cast<off_t>(bytes)) != 0 ||
      fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    const int error = errno;
    memory.reset();
    errno = error;
  }
  return memory;
}

Mapping::Mapping(int fd, Access access) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return;
  if (status.st_size <= 0) {
    errno = EINVAL;
    return;
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  const int protection = access == Access::readOnly ? PROT_READ : PROT_READ | PROT_WRITE;
  void* address = mmap(nullptr, size, protection, MAP_SHARED, fd, 0);
  if (address == MAP_FAILED) return;
  address_ = address;
  bytes_ = size;
}

Mapping::~Mapping() {
  if (address_ != nullptr) munmap(address_, bytes_);
}

Mapping::Mapping(Mapping&& other) noexcept
    : address_(std::exchange(other.address_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(address_, other.address_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

}  // namespace gna::shm
