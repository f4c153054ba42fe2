// Confidential computing: what the node can do, what is switched on, and the memory it protects.
#include "../call.h"

using namespace simulator;

namespace {

using enum Attribute;

constexpr std::uint64_t kBytesPerKibibyte = 1024;

std::uint32_t of(const View& view, Attribute attribute) {
  return static_cast<std::uint32_t>(view.node.number(attribute).value_or(0));
}

}  // namespace

NVML_API Return nvmlSystemGetConfComputeCapabilities(ConfidentialCapabilities* capabilities) {
  return onNode(__func__, [&](const View& view) {
    if (capabilities == nullptr) return kInvalidArgument;
    *capabilities = {of(view, confidentialCpuCapability), of(view, confidentialGpusCapable)};
    return kSuccess;
  });
}

NVML_API Return nvmlSystemGetConfComputeState(ConfidentialState* state) {
  return onNode(__func__, [&](const View& view) {
    if (state == nullptr) return kInvalidArgument;
    *state = {of(view, confidentialEnvironment), of(view, confidentialFeature), of(view, confidentialDevtoolsMode)};
    return kSuccess;
  });
}

NVML_API Return nvmlSystemGetConfComputeSettings(ConfidentialSettings* settings) {
  return onNode(__func__, [&](const View& view) {
    if (settings == nullptr) return kInvalidArgument;
    if (settings->version != versionWord<ConfidentialSettings>(1)) return kVersionMismatch;
    *settings = {settings->version, of(view, confidentialEnvironment), of(view, confidentialFeature),
                 of(view, confidentialDevtoolsMode), of(view, confidentialMultiGpuMode)};
    return kSuccess;
  });
}

NVML_API Return nvmlSystemGetConfComputeGpusReadyState(unsigned* isAcceptingWork) {
  return onNode(__func__, [&](const View& view) {
    if (isAcceptingWork == nullptr) return kInvalidArgument;
    if (of(view, confidentialFeature) == 0) return kNotSupported;
    *isAcceptingWork = of(view, confidentialGpusReady);
    return kSuccess;
  });
}

NVML_API Return nvmlSystemGetConfComputeKeyRotationThresholdInfo(KeyRotationThreshold* threshold) {
  return onNode(__func__, [&](const View& view) {
    if (threshold == nullptr) return kInvalidArgument;
    if (threshold->version != versionWord<KeyRotationThreshold>(1)) return kVersionMismatch;
    const auto advantage = view.node.number(confidentialKeyRotationAdvantage);
    if (!advantage) return kNotSupported;
    threshold->attackerAdvantage = *advantage;
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetConfComputeProtectedMemoryUsage(DeviceHandle device, Memory* memory) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (memory == nullptr) return kInvalidArgument;
    const std::uint64_t total = call.gpu.attributes.number(confidentialMemoryTotalBytes).value_or(0);
    const std::uint64_t used = call.gpu.attributes.number(confidentialMemoryUsedBytes).value_or(0);
    *memory = {total, total - used, used};
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetConfComputeMemSizeInfo(DeviceHandle device, ConfidentialMemorySize* size) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (size == nullptr) return kInvalidArgument;
    const std::uint64_t all = call.gpu.attributes.number(memoryTotalBytes).value_or(0) / kBytesPerKibibyte;
    const std::uint64_t shielded =
        call.gpu.attributes.number(confidentialMemoryTotalBytes).value_or(0) / kBytesPerKibibyte;
    *size = {shielded, all - shielded};
    return kSuccess;
  });
}
