#pragma once
// Process lists of the driver. The entry size cannot be told from the symbol alone (16, 24 or 32 bytes by point
// release, nvml.md §10), so it is seen from how far the driver wrote into a pre-filled buffer.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/nvml/abi.h"

namespace gna::nvml {

/// 0xA5: neither 0 nor 0xFF, because instance ids of a whole GPU are 0xFFFFFFFF.
inline constexpr unsigned char kStrideSentinel = 0xA5;
inline constexpr std::size_t kWidestEntryBytes = 32;

/// Entry size in bytes seen in a buffer that was filled with the sentinel before the driver wrote `count` entries;
/// empty when no known size fits.
std::optional<std::size_t> strideFromWritten(const unsigned char* buffer, std::size_t bufferBytes, std::size_t count);

/// One decoded entry. Memory `kValueNotAvailable` = unknown, ids `kInstanceNotApplicable` = whole GPU.
struct ListedProcess {
  std::uint32_t pid;
  std::uint64_t usedMemoryBytes;
  std::uint32_t gpuInstance;
  std::uint32_t computeInstance;
};

/// Decodes entry `i` of a buffer with the given stride.
ListedProcess decodeProcess(const unsigned char* buffer, std::size_t i, std::size_t stride);

/// A growing buffer for one process list, with room for the widest entry.
class ProcessBuffer {
 public:
  ProcessBuffer() { resize(64); }
  std::uint32_t entries() const { return static_cast<std::uint32_t>(bytes_.size() / kWidestEntryBytes); }
  void resize(std::uint32_t entries) { bytes_.resize(std::size_t{entries} * kWidestEntryBytes); }
  void fillWithSentinel();
  unsigned char* data() { return bytes_.data(); }
  std::size_t size() const { return bytes_.size(); }

 private:
  std::vector<unsigned char> bytes_;
};

}  // namespace gna::nvml
