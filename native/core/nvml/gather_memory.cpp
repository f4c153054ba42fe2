#include <algorithm>

#include "core/nvml/gather.h"

namespace gna::nvml {

namespace {
constexpr auto kMost = static_cast<double>(kMostBytes);
}

void Gather::memory() {
  auto v2 = unwritten<Memory_v2>();
  v2.version = kMemory_v2Version;
  Return code =
      due(Reading::memory_reserved_bytes) ? call(Call::DeviceGetMemoryInfo_v2, g.handle_, &v2) : kNoSuchSymbol;
  if (code == kSuccess || !(code == kNoSuchSymbol || isUnsupported(code))) {
    // Unified-memory systems answer total 0 (nvml.md §12.5).
    const Return stored = code != kSuccess ? code : v2.total == 0 ? kNoOwnMemory : kSuccess;
    if (stored == kSuccess && !isPlausible(v2)) {
      for (Reading r : {Reading::memory_total_bytes, Reading::memory_reserved_bytes, Reading::memory_used_bytes,
                        Reading::memory_free_bytes})
        g.absent(r, reading_status::kImplausible);
    } else {
      store(Reading::memory_total_bytes, stored, static_cast<double>(v2.total));
      store(Reading::memory_reserved_bytes, stored, static_cast<double>(v2.reserved));
      store(Reading::memory_used_bytes, stored, static_cast<double>(v2.used));
      store(Reading::memory_free_bytes, stored, static_cast<double>(v2.free));
    }
  } else {
    // Version 1 counts what the driver reserves as used and does not tell it apart.
    if (due(Reading::memory_reserved_bytes)) store(Reading::memory_reserved_bytes, code, 0);
    if (due(Reading::memory_total_bytes)) {
      auto v1 = unwritten<Memory>();
      code = call(Call::DeviceGetMemoryInfo, g.handle_, &v1);
      if (code == kSuccess && v1.total == 0) code = kNoOwnMemory;
      const double limit = static_cast<double>(v1.total);
      const double most = std::min(limit, kMost);
      store(Reading::memory_total_bytes, code, limit, kMost);
      store(Reading::memory_used_bytes, code, static_cast<double>(v1.used), most);
      store(Reading::memory_free_bytes, code, static_cast<double>(v1.free), most);
    }
  }

  if (due(Reading::bar1_memory_total_bytes)) {
    auto bar1 = unwritten<BAR1Memory>();
    code = call(Call::DeviceGetBAR1MemoryInfo, g.handle_, &bar1);
    const double limit = static_cast<double>(bar1.bar1Total);
    const double most = std::min(limit, kMost);
    store(Reading::bar1_memory_total_bytes, code, limit, kMost);
    store(Reading::bar1_memory_used_bytes, code, static_cast<double>(bar1.bar1Used), most);
    store(Reading::bar1_memory_free_bytes, code, static_cast<double>(bar1.bar1Free), most);
  }
}

}  // namespace gna::nvml
