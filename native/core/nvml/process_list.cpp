#include "core/nvml/process_list.h"

#include <algorithm>
#include <cstring>

namespace gna::nvml {

std::optional<std::size_t> strideFromWritten(const unsigned char* buffer, std::size_t bufferBytes, std::size_t count) {
  if (count == 0) return std::nullopt;
  std::size_t end = bufferBytes;
  while (end > 0 && buffer[end - 1] == kStrideSentinel) --end;
  // Every layout's last member is an integer whose top byte no real value makes 0xA5, so the end is exact.
  for (std::size_t stride : {std::size_t{24}, std::size_t{16}, std::size_t{32}})
    if (end == stride * count) return stride;
  return std::nullopt;
}

ListedProcess decodeProcess(const unsigned char* buffer, std::size_t i, std::size_t stride) {
  const unsigned char* at = buffer + i * stride;
  ListedProcess p{0, kValueNotAvailable, kInstanceNotApplicable, kInstanceNotApplicable};
  std::memcpy(&p.pid, at, 4);
  std::memcpy(&p.usedMemoryBytes, at + 8, 8);
  if (stride >= 24) {
    std::memcpy(&p.gpuInstance, at + 16, 4);
    std::memcpy(&p.computeInstance, at + 20, 4);
  }
  return p;
}

void ProcessBuffer::fillWithSentinel() { std::fill(bytes_.begin(), bytes_.end(), kStrideSentinel); }

}  // namespace gna::nvml
