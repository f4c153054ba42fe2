#include "reach.h"

#include <algorithm>

namespace gna::sweep {

namespace {

using nvml::Call;

constexpr Call kNotOfAGpu[] = {
    Call::InitWithFlags,
    Call::Init_v2,
    Call::Init,
    Call::Shutdown,
    Call::SystemGetDriverVersion,
    Call::SystemGetNVMLVersion,
    Call::SystemGetCudaDriverVersion_v2,
    Call::SystemGetCudaDriverVersion,
    Call::DeviceGetCount_v2,
    Call::DeviceGetCount,
    Call::EventSetCreate,
    Call::DeviceRegisterEvents,
    Call::EventSetWait_v2,
    Call::EventSetWait,
    Call::EventSetFree,
    Call::LibraryOpen,
    Call::HamiSweep,
    Call::DriverGpuInformation,
    Call::SystemGetConfComputeCapabilities,
    Call::SystemGetConfComputeState,
    Call::SystemGetConfComputeSettings,
    Call::SystemGetConfComputeGpusReadyState,
    Call::SystemGetConfComputeKeyRotationThresholdInfo,
    Call::DeviceGetHandleByPciBusId_v2,  // only for a GPU that was lost while others are read
    Call::GpuCycle,
    // Of two GPUs: what is lost with them, and that nothing else is, see test/supervisor/topology.test.ts.
    Call::DeviceGetTopologyCommonAncestor,
    Call::DeviceGetP2PStatus,
};

}  // namespace

bool isOfAGpu(Call call) { return std::ranges::find(kNotOfAGpu, call) == std::end(kNotOfAGpu); }

}  // namespace gna::sweep
