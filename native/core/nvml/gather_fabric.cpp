#include <algorithm>
#include <cstdio>
#include <cstring>
#include <iterator>

#include "core/nvml/gather.h"

namespace gna::nvml {

namespace {

/// Sixteen bytes as 8-4-4-4-12 hexadecimal digits.
template <std::size_t N>
void writeUuid(char (&to)[N], const std::uint8_t (&bytes)[16]) {
  static_assert(N > 36);
  char* at = to;
  for (std::size_t i = 0; i < sizeof bytes; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *at++ = '-';
    at += std::snprintf(at, 3, "%02x", bytes[i]);
  }
}

}  // namespace

void Gather::fabric() {
  if (!due(Reading::fabric_state)) return;
  GpuFabricInfo_v3 info{};
  Return health = kNoSuchSymbol, summary = kNoSuchSymbol;
  info.version = kGpuFabricInfo_v3Version;
  Return& refused = g.refused_[nvml::index(Call::DeviceGetGpuFabricInfoV)];
  Return code = refused != kSuccess ? refused : call(Call::DeviceGetGpuFabricInfoV, g.handle_, &info);
  summary = health = code;
  if (code == kErrorArgumentVersionMismatch && refused == kSuccess) {
    info.version = kGpuFabricInfo_v2Version;
    health = code = call(Call::DeviceGetGpuFabricInfoV, g.handle_, &info);
  }
  if (isOlderDriver(code)) {
    if (code != kNoSuchSymbol) refused = code;
    GpuFabricInfo first{};
    code = call(Call::DeviceGetGpuFabricInfo, g.handle_, &first);
    std::memcpy(info.clusterUuid, first.clusterUuid, sizeof info.clusterUuid);
    info.status = first.status;
    info.cliqueId = first.cliqueId;
    info.state = first.state;
  }
  store(Reading::fabric_state, code, info.state, 3);
  store(Reading::fabric_status_code, code, info.status);
  store(Reading::fabric_clique_id, code, info.cliqueId);
  store(Reading::fabric_health_mask, health, info.healthMask);
  store(Reading::fabric_health_summary, summary, info.healthSummary, 3);
  // All zero is no cluster: a node whose switches connect its own GPUs alone, such as HGX H100 (nvml.md §5.10).
  const bool none = std::all_of(std::begin(info.clusterUuid), std::end(info.clusterUuid),
                                [](std::uint8_t byte) { return byte == 0; });
  if (code == kSuccess && !none)
    writeUuid(g.record_.fabric_cluster_uuid, info.clusterUuid);
  else if (code == kSuccess || isUnsupported(code))
    g.record_.fabric_cluster_uuid[0] = 0;
}

}  // namespace gna::nvml
