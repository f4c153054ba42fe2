import { evidence, rule } from '../rule.js';

/** `driver_library_mismatch`: NVML code 18. */
export const libraryMismatch = rule({
  code: 'driver_library_mismatch',
  title: 'Library and kernel driver do not fit',
  raised: 'nvmlInit answers 18: the library is of another version than the loaded kernel module.',
  cleared: 'nvmlInit answers otherwise.',
  source: 'nvmlInitWithFlags, code 18; /proc/driver/nvidia/version',
  severities: ['warning'],
  actions: ['fix_configuration'],
  look: ({ driver }) =>
    driver.state !== 'mismatch'
      ? []
      : [
          {
            severity: 'warning',
            subject: { kind: 'node', id: 'driver' },
            reason: 'The NVML library and the loaded kernel driver are of different versions, so no GPU can be read.',
            evidence: evidence({
              library: driver.libraryPath,
              library_version: driver.libraryVersion,
              kernel_module_version: driver.moduleVersion,
              nvml_code: driver.lastCode,
              message: driver.message,
            }),
            action: 'fix_configuration',
            nextStep:
              'Finish the driver update: unload and load the nvidia kernel modules (release the GPUs first: gpu-node-agent release), or reboot.',
          },
        ],
});

/** `driver_missing`: information, since nodes without a driver are well. */
export const driverMissing = rule({
  code: 'driver_missing',
  title: 'No driver',
  raised: 'No NVML library is found, or the kernel driver is not loaded.',
  cleared: 'The driver answers.',
  source: 'nvmlInitWithFlags, codes 9 and 12',
  severities: ['info'],
  actions: ['none'],
  look: ({ driver, pci }) => {
    if (driver.state !== 'library_missing' && driver.state !== 'not_loaded') return [];
    const noLibrary = driver.state === 'library_missing';
    return [
      {
        severity: 'info',
        subject: { kind: 'node', id: 'driver' },
        reason: noLibrary
          ? 'No NVML library (libnvidia-ml.so.1) was found, so GPUs are not read.'
          : 'The NVIDIA kernel driver is not loaded, so GPUs are not read.',
        evidence: evidence({ nvml_code: driver.lastCode, message: driver.message, nvidia_pci_functions: pci.length }),
        action: 'none',
        nextStep: noLibrary
          ? 'Nothing on a node without GPUs or with all of them passed through. Else install the driver, or name the library with --nvml.library.'
          : 'Nothing if all GPUs are passed through. Else load the driver (modprobe nvidia) and look into the kernel log if it refuses.',
      },
    ];
  },
});

/** `simulated_node`: simulation never pretends. */
export const simulatedNode = rule({
  code: 'simulated_node',
  title: 'The node is simulated',
  raised: "The library says that it is a simulated one, or the clock is a simulated node's.",
  cleared: 'The agent runs on another library and clock.',
  source: 'gpuNodeSimulatorInfo',
  severities: ['info'],
  actions: ['none'],
  look: ({ simulated, driver }) =>
    simulated === undefined
      ? []
      : [
          {
            severity: 'info',
            subject: { kind: 'node', id: 'driver' },
            reason: 'What is shown comes from a simulated node: no real GPU is behind it.',
            evidence: evidence({ simulator: simulated, library: driver.libraryPath }),
            action: 'none',
            nextStep: 'Nothing in a test. On a real node take --nvml.library and --clock.file away.',
          },
        ],
});
