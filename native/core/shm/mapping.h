#pragma once
// The memory behind a segment: a memfd sealed against resizing, and mappings of it.

#include <cstddef>
#include <string>

#include "core/proc/descriptor.h"

namespace gna::shm {

/// Makes a memfd of `bytes` that nobody can shrink, grow or seal further, so that no reader is ever hit by SIGBUS.
/// Close-on-exec. On failure the descriptor is not valid and errno says why.
proc::Descriptor makeSealedMemory(const char* name, std::size_t bytes);

/// A mapping that unmaps itself. Read-only unless asked otherwise.
class Mapping {
 public:
  enum class Access { readOnly, readWrite };

  Mapping() = default;
  /// Maps the whole file behind `fd`. On failure `valid()` is false and errno says why.
  Mapping(int fd, Access access);
  ~Mapping();
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  bool valid() const { return address_ != nullptr; }
  void* address() const { return address_; }
  std::size_t bytes() const { return bytes_; }

 private:
  void* address_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace gna::shm
