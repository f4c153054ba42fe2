"""Which arguments a getter of nvidia-ml-py is called with, by the name of the parameter, or of function and parameter.

Enumerations are walked through to one value beyond their end, indexes likewise. Handles are those of this node's GPUs,
instances and so on, and a null handle each.
"""

import ctypes
import importlib.metadata
import time

import pynvml


def client_version():
    return importlib.metadata.version("nvidia-ml-py")


class Value:
    """A plain argument."""

    is_filled = False

    def __init__(self, value, text=None):
        self.value = value
        self.text = repr(value) if text is None else text

    def __str__(self):
        return self.text

    def get(self):
        return self.value


class Filled(Value):
    """A structure that the function fills: made anew for each call, with its version word."""

    is_filled = True

    def __init__(self, type_name, by_reference=False, **members):
        super().__init__(None, type_name)
        self.type = getattr(pynvml, type_name)
        self.by_reference = by_reference
        self.members = members

    def get(self):
        self.structure = self.type()
        for name, value in self.members.items():
            setattr(self.structure, name, value)
        return ctypes.byref(self.structure) if self.by_reference else self.structure

    def filled(self):
        return self.structure


class Array(Filled):
    """An array that the function fills."""

    def __init__(self, type_name, length):
        super().__init__(type_name)
        self.type = self.type * length


class Length(Value):
    """The length of such an array, which the function changes."""

    def get(self):
        return ctypes.byref(ctypes.c_uint(self.value))


def asked(function, *values):
    """What a call gives, or nothing where the driver answers with a code."""
    try:
        return function(*values)
    except pynvml.NVMLError:
        return None


class Subjects:
    """The handles that there are on this node. Two of a kind are enough; the last of it may be of another make."""

    def __init__(self):
        gpus = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        self.all_gpus = gpus
        migs = []
        for gpu in gpus:
            for index in range(asked(pynvml.nvmlDeviceGetMaxMigDeviceCount, gpu) or 0):
                migs.append(asked(pynvml.nvmlDeviceGetMigDeviceHandleByIndex, gpu, index))
        migs = [mig for mig in migs if mig is not None]
        self.gpu_instances = []
        self.compute_instances = []
        for mig in migs[:1] + migs[-1:]:
            gpu = pynvml.nvmlDeviceGetDeviceHandleFromMigDeviceHandle(mig)
            instance = asked(pynvml.nvmlDeviceGetGpuInstanceById, gpu, pynvml.nvmlDeviceGetGpuInstanceId(mig))
            if instance is None:
                continue
            self.gpu_instances.append(instance)
            inner = asked(pynvml.nvmlGpuInstanceGetComputeInstanceById, instance, pynvml.nvmlDeviceGetComputeInstanceId(mig))
            if inner is not None:
                self.compute_instances.append(inner)
        # The devices that calls are made about: every GPU, two MIG devices, and none.
        self.devices = [Value(gpu, f"GPU {i}") for i, gpu in enumerate(gpus)]
        self.devices += [Value(mig, f"MIG {i}") for i, mig in enumerate(migs) if i in (0, len(migs) - 1)]
        self.devices.append(Value(pynvml.c_nvmlDevice_t(), "no device"))
        vgpu_types = [kind for gpu in gpus[:1] for kind in asked(pynvml.nvmlDeviceGetSupportedVgpus, gpu) or []]
        vgpus = [vgpu for gpu in gpus for vgpu in asked(pynvml.nvmlDeviceGetActiveVgpus, gpu) or []]
        self.vgpu_types = vgpu_types[:1] + vgpu_types[-1:] + [0]
        self.vgpus = vgpus[:1] + vgpus[-1:] + [0]
        self.pids = sorted(
            {
                process.pid
                for gpu in gpus
                for list_of in (pynvml.nvmlDeviceGetComputeRunningProcesses, pynvml.nvmlDeviceGetGraphicsRunningProcesses)
                for process in asked(list_of, gpu) or []
            }
        )[:2] + [1]
        self.gpm_sample = asked(pynvml.nvmlGpmSampleAlloc)
        self.event_set = asked(pynvml.nvmlEventSetCreate)

    def counts(self):
        return {
            "gpus": len(self.all_gpus),
            "migDevices": len(self.devices) - len(self.all_gpus) - 1,
            "gpuInstances": len(self.gpu_instances),
            "computeInstances": len(self.compute_instances),
            "vgpuTypes": len(self.vgpu_types) - 1,
            "vgpus": len(self.vgpus) - 1,
        }


def numbers(*values):
    return lambda subjects: [Value(value) for value in values]


def handles(attribute, type_name, text):
    """The handles of one kind, and a null one."""

    def choose(subjects):
        found = [Value(handle, f"{text} {i}") for i, handle in enumerate(getattr(subjects, attribute))]
        return found + [Value(getattr(pynvml, type_name)(), f"no {text}")]

    return choose


def filled(type_name, by_reference=False, **members):
    return lambda subjects: [Filled(type_name, by_reference, **members)]


def devices(subjects):
    return subjects.devices


def some_devices(subjects):
    return subjects.devices[:2] + subjects.devices[-2:]


def texts_of(getter):
    """What a getter says of each GPU, and a text that names none."""

    def choose(subjects):
        found = [asked(getter, gpu) for gpu in subjects.all_gpus]
        return [Value(text) for text in found if text is not None] + [Value("nobody")]

    return choose


def pci_addresses(subjects):
    return [Value(pynvml.nvmlDeviceGetPciInfo(gpu).busId) for gpu in subjects.all_gpus] + [Value("0000:ff:00.0"), Value("nobody")]


def pci_infos(subjects):
    return [Value(pynvml.nvmlDeviceGetPciInfo(subjects.all_gpus[0]), "PCI info of GPU 0")]


def memory_clocks(subjects):
    clocks = asked(pynvml.nvmlDeviceGetSupportedMemoryClocks, subjects.all_gpus[0]) or []
    return [Value(clock) for clock in clocks[:1]] + [Value(1)]


def gpm_metrics(subjects):
    """Two samples, a moment apart, and the first of the metrics asked of them."""
    asked_for = pynvml.c_nvmlGpmMetricsGet_t()
    asked_for.version = pynvml.NVML_GPM_METRICS_GET_VERSION
    asked_for.numMetrics = 1
    asked_for.metrics[0].metricId = pynvml.NVML_GPM_METRIC_SM_UTIL
    samples = [asked(pynvml.nvmlGpmSampleAlloc) for _ in range(2)]
    if None in samples:
        return [Value(asked_for, "no samples")]
    asked(pynvml.nvmlGpmSampleGet, subjects.all_gpus[0], samples[0])
    time.sleep(0.15)
    asked(pynvml.nvmlGpmSampleGet, subjects.all_gpus[0], samples[1])
    asked_for.sample1, asked_for.sample2 = samples
    return [Value(asked_for, "SM utilisation")]


# Every id that there may be, alone where a scope is wanted. Ids beyond the driver's are answered one by one.
FIELD_IDS = [Value(list(range(1, 301)), "every field"), Value([(138, link) for link in range(18)], "field 138 of each link")]

BY_NAME = {
    "handle": devices,
    "device": devices,
    "migDevice": devices,
    "handle1": some_devices,
    "handle2": some_devices,
    "device1": some_devices,
    "device2": some_devices,
    "gpuInstance": handles("gpu_instances", "c_nvmlGpuInstance_t", "GPU instance"),
    "computeInstance": handles("compute_instances", "c_nvmlComputeInstance_t", "compute instance"),
    "unit": lambda subjects: [Value(pynvml.c_nvmlUnit_t(), "no unit")],
    "vgpuTypeId": lambda subjects: [Value(kind, f"vGPU type {kind}") for kind in subjects.vgpu_types],
    "vgpuInstance": lambda subjects: [Value(vgpu, f"vGPU {vgpu}") for vgpu in subjects.vgpus],
    "gpmSample": lambda subjects: [Value(subjects.gpm_sample, "a sample"), Value(None, "no sample")],
    "eventSet": lambda subjects: [Value(subjects.event_set, "an event set"), Value(pynvml.c_nvmlEventSet_t(), "no event set")],
    "timeoutms": numbers(1),
    "timeoutMs": numbers(1),
    "setHandle": numbers(None),
    "eventData": numbers(None),
    "eventDataSize": numbers(0),
    "countRef": lambda subjects: [Length(16)],
    "pid": lambda subjects: [Value(pid) for pid in subjects.pids],
    "index": numbers(0, 1, 99),
    "fan": numbers(0, 1, 2, 16),
    "link": numbers(0, 17, 18, 31),
    "sensor": numbers(0, 1, 2),
    "sensorindex": numbers(0, 15, 16),
    "threshold": numbers(*range(10)),
    "errorType": numbers(*range(3)),
    "counterType": numbers(*range(3)),
    "locationType": numbers(*range(9)),
    "infoRomObject": numbers(*range(5)),
    "sourceFilter": numbers(*range(3)),
    "apiType": numbers(*range(3)),
    "sampling_type": numbers(*range(11)),
    "timeStamp": numbers(0),
    "perfPolicyType": numbers(*range(13)),
    "counter": numbers(*range(4)),
    "capability": numbers(*range(8)),
    "level": numbers(0, 10, 20, 30, 40, 50, 60),
    "fieldIds": lambda subjects: FIELD_IDS,
    "type": numbers(*range(5)),
    "clockType": numbers(*range(5)),
    "pstate": numbers(0, 8, 15, 16),
    "id": numbers(*range(6)),
    "memoryClockMHz": memory_clocks,
    "p2pIndex": numbers(*range(7)),
    "encoderQueryType": numbers(*range(5)),
    "cpuNumber": numbers(0, 1),
    "nodeSetSize": numbers(1, 2),
    "cpuSetSize": numbers(1, 16),
    "scope": numbers(*range(3)),
    "profile": numbers(*range(20)),
    "engProfile": numbers(0, 1),
    "profileId": numbers(*range(20)),
    "gpuInstanceId": numbers(0, 1, 7, 99),
    "computeInstanceId": numbers(0, 1, 99),
    "serial": texts_of(pynvml.nvmlDeviceGetSerial),
    "uuid": texts_of(pynvml.nvmlDeviceGetUUID),
    "pciBusId": pci_addresses,
    "pciInfo": pci_infos,
    "result": numbers(*range(31), 999, 1000),
    "metricsGet": gpm_metrics,
    "c_nonce": lambda subjects: [Value([7] * 32, "a nonce")],
    "gpuFabricInfo": filled("c_nvmlGpuFabricInfo_t", by_reference=True),
    "counts": filled(
        "c_nvmlEccSramUniqueUncorrectedErrorCounts_v1_t",
        by_reference=True,
        version=pynvml.nvmlEccSramUniqueUncorrectedErrorCounts_v1,
    ),
    "caps": filled("c_nvmlDeviceCapabilities_v1_t", by_reference=True, version=pynvml.nvmlDeviceCapabilities_v1),
    "platformInfo": filled("c_nvmlPlatformInfo_v2_t", by_reference=True, version=pynvml.nvmlPlatformInfo_v2),
    "profilesInfo": filled(
        "c_nvmlWorkloadPowerProfileProfilesInfo_v1_t",
        by_reference=True,
        version=pynvml.nvmlWorkloadPowerProfileProfilesInfo_v1,
    ),
    "currentProfiles": filled(
        "c_nvmlWorkloadPowerProfileCurrentProfiles_v1_t",
        by_reference=True,
        version=pynvml.nvmlWorkloadPowerProfileCurrentProfiles_v1,
    ),
    "supportedBwModes": filled(
        "c_nvmlNvlinkSupportedBwModes_v1_t", by_reference=True, version=pynvml.nvmlNvlinkSupportedBwModes_v1
    ),
    "getBwMode": filled("c_nvmlNvlinkGetBwMode_v1_t", by_reference=True, version=pynvml.nvmlNvlinkGetBwMode_v1),
    "limits": filled("c_nvmlGetMemoryLimits_v1_t"),
    "settings": filled(
        "c_nvmlSystemConfComputeSettings_v1_t", by_reference=True, version=pynvml.nvmlSystemConfComputeSettings_v1
    ),
    "cper": filled("c_nvmlGetCPER_v1_t"),
    "c_vgpus": filled("c_nvmlVgpuTypeIdInfo_v1_t", version=pynvml.nvmlVgpuTypeIdInfo_v1),
    "c_vgpu_instance_info": filled("c_nvmlActiveVgpuInstanceInfo_v1_t", version=pynvml.nvmlActiveVgpuInstanceInfo_v1),
    "c_vgpu_sched_state_info": filled("c_nvmlVgpuSchedulerStateInfo_v1_t", version=pynvml.nvmlVgpuSchedulerStateInfo_v1),
    "c_vgpu_sched_log_info": filled("c_nvmlVgpuSchedulerLogInfo_v1_t", version=pynvml.nvmlVgpuSchedulerLogInfo_v1),
    "c_vgpu_sched_state_info_v2": filled("c_nvmlVgpuSchedulerStateInfo_v2_t"),
    "c_vgpu_sched_log_info_v2": filled("c_nvmlVgpuSchedulerLogInfo_v2_t"),
    "c_vgpu_placements": filled("c_nvmlVgpuCreatablePlacementInfo_v1_t", version=pynvml.nvmlVgpuCreatablePlacementInfo_v1),
    # Both of a pair of vGPU's and GPU's metadata: nothing that fits.
    "vgpuMetadata": filled("c_nvmlVgpuMetadata_t"),
    "pgpuMetadata": filled("c_nvmlVgpuPgpuMetadata_t"),
}

# Where the same name means something else. None leaves a parameter at its default.
BY_FUNCTION = {
    ("nvmlDeviceGetHandleByUUIDV", "uuid"): lambda subjects: [
        Value(pynvml.nvmlDeviceGetUUID(gpu).encode()) for gpu in subjects.all_gpus
    ]
    + [Value(b"GPU-nobody")],
    ("nvmlDeviceGetHandleByUUIDV", "type"): numbers(pynvml.NVML_UUID_TYPE_ASCII),
    ("nvmlDeviceGetNvLinkErrorCounter", "counter"): numbers(*range(6)),
    ("nvmlDeviceGetMigDeviceHandleByIndex", "index"): numbers(0, 1, 6, 7),
    ("nvmlDeviceGetMemoryInfo", "version"): lambda subjects: [Value(None), Value(pynvml.nvmlMemory_v2)],
    ("nvmlDeviceGetGpuInstanceProfileInfo", "version"): numbers(1, 2),
    ("nvmlDeviceGetGpuInstanceProfileInfoV", "version"): numbers(1, 2),
    ("nvmlGpuInstanceGetComputeInstanceProfileInfo", "version"): numbers(1, 2),
    ("nvmlGpuInstanceGetComputeInstanceProfileInfoV", "version"): numbers(1, 2),
    # The parameter is called device, and a GPU instance is wanted.
    ("nvmlGpuInstanceGetComputeInstanceProfileInfo", "device"): handles("gpu_instances", "c_nvmlGpuInstance_t", "GPU instance"),
    ("nvmlGpuInstanceGetComputeInstanceProfileInfoV", "device"): handles("gpu_instances", "c_nvmlGpuInstance_t", "GPU instance"),
    ("nvmlDeviceGetRunningProcessDetailList", "version"): numbers(pynvml.nvmlProcessDetailList_v1),
    ("nvmlDeviceGetRunningProcessDetailList", "mode"): numbers(0, 1, 2),
    ("nvmlDeviceGetVgpuTypeSupportedPlacements", "version"): numbers(1, 2),
    ("nvmlDeviceGetVgpuTypeCreatablePlacements", "version"): numbers(1, 2),
    ("nvmlDeviceReadPRMCounters_v1", "c_info"): lambda subjects: [Value(pynvml.c_nvmlPRMCounterList_v1_t(1), "one counter")],
    ("nvmlEventSetWait_v3", "params"): filled("c_nvmlEventSetWait_v3_t"),
    ("nvmlEventSetGetContextCount_v1", "params"): filled("c_nvmlEventSetGetContextCount_v1_t"),
    ("nvmlEventSetGetContextInfo_v1", "params"): filled("c_nvmlEventSetGetContextInfo_v1_t"),
    ("nvmlEventSetGetContextData_v1", "params"): filled("c_nvmlEventSetGetContextData_v1_t"),
    ("nvmlEventSetGetGpuOperationalEventContextLegacyXid_v1", "params"): filled(
        "c_nvmlEventSetGetGpuOperationalEventContextLegacyXid_v1_t"
    ),
    ("nvmlSystemEventSetWait", "version"): numbers(pynvml.nvmlSystemEventSetWaitRequest_v1),
    ("nvmlDeviceGetPciInfoExt", "c_info"): filled("nvmlPciInfoExt_v1_t", by_reference=True, version=pynvml.nvmlPciInfoExt_v1),
    ("nvmlDeviceGetPowerMizerMode_v1", "info"): filled("c_nvmlDevicePowerMizerModes_v1_t", by_reference=True),
    ("nvmlDeviceGetClockOffsets", "info"): filled("c_nvmlClockOffset_t", by_reference=True, version=pynvml.nvmlClockOffset_v1),
    ("nvmlDeviceGetNvLinkInfo", "info"): lambda subjects: [
        Filled("c_nvmlNvLinkInfo_v1_t", True, version=pynvml.nvmlNvLinkInfo_v1),
        Filled("c_nvmlNvLinkInfo_v2_t", True, version=pynvml.nvmlNvLinkInfo_v2),
    ],
    ("nvmlDeviceGetRemappedRows_v2", "info"): filled("c_nvmlRemappedRowsInfo_v2_t", by_reference=True),
    ("nvmlDeviceGetAdaptiveTgpModeInfo_v1", "info"): filled("c_nvmlAdaptiveTgpModeInfo_v1_t", by_reference=True),
    ("nvmlDeviceGetBankRemapperStatus_v1", "status"): filled("c_nvmlEccBankRemapperStatus_v1_t", by_reference=True),
    ("nvmlDeviceGetSramEccErrorStatus", "status"): filled(
        "c_nvmlEccSramErrorStatus_v1_t", by_reference=True, version=pynvml.nvmlEccSramErrorStatus_v1
    ),
    ("nvmlDeviceGetNvLinkTelemetrySamples_v1", "samples"): filled("c_nvmlNvlinkTelemetrySamples_v1_t"),
    ("nvmlDevicePerfMetricsGetSamples_v1", "samples"): filled("c_nvmlPerfMetricsSamples_v1_t"),
    ("nvmlDeviceGetGpuFabricInfoV", "gpuFabricInfo"): lambda subjects: [
        Filled("c_nvmlGpuFabricInfo_v2_t", True, version=pynvml.nvmlGpuFabricInfo_v2),
        Filled("c_nvmlGpuFabricInfo_v3_t", True, version=pynvml.nvmlGpuFabricInfo_v3),
    ],
    ("nvmlDeviceGetGpuFabricInfo_v4", "gpuFabricInfo"): filled("c_nvmlGpuFabricInfo_v4_t", by_reference=True),
    ("nvmlDeviceGetGpuInstancePossiblePlacements", "placementsRef"): lambda subjects: [
        Array("c_nvmlGpuInstancePlacement_t", 16)
    ],
    ("nvmlGpuInstanceGetComputeInstancePossiblePlacements", "placementsRef"): lambda subjects: [
        Array("c_nvmlComputeInstancePlacement_t", 16)
    ],
    ("nvmlDeviceGetGpuInstances", "gpuInstancesRef"): lambda subjects: [Array("c_nvmlGpuInstance_t", 16)],
    ("nvmlGpuInstanceGetComputeInstances", "computeInstancesRef"): lambda subjects: [Array("c_nvmlComputeInstance_t", 16)],
}


def of(function, parameter, subjects):
    """Arguments for one parameter of a function, None where there are none."""
    choose = BY_FUNCTION.get((function, parameter), BY_NAME.get(parameter))
    return None if choose is None else choose(subjects)
