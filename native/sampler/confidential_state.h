#pragma once
// Confidential computing as the driver tells it of the node: what is switched on, and whether its GPUs take work.

#include <cstdint>

#include "core/nvml/abi.h"
#include "core/nvml/call_table.h"
#include "core/nvml/dormant.h"
#include "core/nvml/return_code.h"
#include "core/readings/readings.h"

namespace gna {

/// What a driver does not have is asked once per init; passing errors are asked again.
class ConfidentialState {
 public:
  /// After an init: another driver may have what the last one had not.
  void wakeAll() { dormant_.wakeAll(); }

  /// `call(id, pointer)` makes a call of the library and gives its code.
  template <typename Caller>
  void read(const Caller& call, Measurements<NodeReading>& out) {
    using nvml::Call;
    using nvml::Return;
    if (isAwake(NodeReading::confidential_compute_enabled)) {
      nvml::ConfComputeSystemState state{};
      const Return code = call(Call::SystemGetConfComputeState, &state);
      store(out, NodeReading::confidential_compute_enabled, code, state.ccFeature);
      store(out, NodeReading::confidential_compute_environment, code, state.environment);
      store(out, NodeReading::confidential_compute_devtools_enabled, code, state.devToolsMode);
    }
    if (isAwake(NodeReading::confidential_compute_multi_gpu_mode)) {
      nvml::SystemConfComputeSettings_v1 settings{};
      settings.version = nvml::kSystemConfComputeSettings_v1Version;
      const Return code = call(Call::SystemGetConfComputeSettings, &settings);
      store(out, NodeReading::confidential_compute_multi_gpu_mode, code, settings.multiGpuMode);
    }
    if (isAwake(NodeReading::confidential_compute_cpu_capability)) {
      nvml::ConfComputeSystemCaps capabilities{};
      const Return code = call(Call::SystemGetConfComputeCapabilities, &capabilities);
      store(out, NodeReading::confidential_compute_cpu_capability, code, capabilities.cpuCaps);
    }
    if (isAwake(NodeReading::confidential_compute_ready)) {
      std::uint32_t accepting = 0;
      const Return code = call(Call::SystemGetConfComputeGpusReadyState, &accepting);
      store(out, NodeReading::confidential_compute_ready, code, accepting);
    }
    if (isAwake(NodeReading::confidential_key_rotation_threshold)) {
      nvml::ConfComputeGetKeyRotationThresholdInfo_v1 info{};
      info.version = nvml::kConfComputeGetKeyRotationThresholdInfo_v1Version;
      const Return code = call(Call::SystemGetConfComputeKeyRotationThresholdInfo, &info);
      store(out, NodeReading::confidential_key_rotation_threshold, code, static_cast<double>(info.attackerAdvantage));
    }
  }

 private:
  bool isAwake(NodeReading id) const { return !dormant_.asleep[index(id)]; }

  void store(Measurements<NodeReading>& out, NodeReading id, nvml::Return code, double value) {
    if (code == nvml::kSuccess) return out.set(id, value);
    out.absent(id, nvml::statusOf(code));
    if (nvml::isUnsupported(code)) dormant_.asleep[index(id)] = true;
  }

  nvml::Dormant<NodeReading> dormant_;
};

}  // namespace gna
