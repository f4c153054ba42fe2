// @ts-check
/**
 * MIG instances, their profiles and the processes of a GPU, as a capture has them.
 */
import { textOf } from './terminated-text.mjs';

/** @typedef {import('./capture-file.mjs').Capture} Capture */
/** @typedef {import('./guess.mjs').Answers} Answers */
/** @typedef {import('../state/scenario.mjs').ProcessSpelling} ProcessSpelling */
/** @typedef {import('../state/scenario.mjs').MigSpelling} MigSpelling */
/** @typedef {import('../state/scenario.mjs').MigProfileSpelling} MigProfileSpelling */

const MOST_SLOTS = 64;
const MEMORY_V2 = 0x02000028;
const PROFILE_NUMBERS = 18;
const PROFILE_V3 = 0x03000098;
const PROFILE_V2 = 0x02000098;
const NOT_AVAILABLE = 0xffff_ffff_ffff_ffffn;
const NOT_APPLICABLE = 0xffff_ffff;
/** Lists of processes, newest function first. */
const LISTS = /** @type {const} */ ([
  ['compute', 'Compute'],
  ['graphics', 'Graphics'],
  ['mps', 'MPSCompute'],
]);

/**
 * @param {Answers} answers
 * @param {readonly Omit<ProcessSpelling, 'gpu'>[]} processes of the GPU: what they use is counted beside the instances
 * @returns {Omit<MigSpelling, 'gpu'>[]} in the order of the driver's slots
 */
export function migInstances(answers, processes) {
  const instances = [];
  for (let mig = 0; mig < MOST_SLOTS; mig += 1) {
    const uuid = answers.text('DeviceGetUUID', { mig });
    const gpuInstance = answers.number('DeviceGetGpuInstanceId', { mig });
    const computeInstance = answers.number('DeviceGetComputeInstanceId', { mig });
    if (uuid === undefined || gpuInstance === undefined || computeInstance === undefined) continue;
    const engine = (/** @type {number} */ place) =>
      answers.number('DeviceGetAttributes_v2', { mig, offset: 4 * place }) ??
      (place < 6 ? answers.number('DeviceGetAttributes', { mig, offset: 4 * place }) : undefined);
    const memory = (/** @type {number} */ offset) =>
      answers.number('DeviceGetMemoryInfo_v2', { args: [MEMORY_V2], mig, offset, wide: true }) ?? 0;
    const placed = (/** @type {number} */ offset) => answers.number('GpuInstanceGetInfo', { gpuInstance, offset });
    instances.push({
      gpuInstance,
      computeInstance,
      profile: answers.text('DeviceGetName', { mig })?.split(' MIG ')[1] ?? '',
      uuid,
      slices: engine(6) ?? 1,
      computeSlices: engine(7) ?? 1,
      multiprocessors: engine(0) ?? 0,
      copyEngines: engine(1) ?? 0,
      decoders: engine(2) ?? 0,
      encoders: engine(3) ?? 0,
      jpegEngines: engine(4) ?? 0,
      ofaEngines: engine(5) ?? 0,
      memoryTotalBytes: memory(8),
      memoryReservedBytes: memory(16),
      memoryUsedBytes: Math.max(0, memory(32) - usedBy(processes, gpuInstance)),
      bar1TotalBytes: answers.number('DeviceGetBAR1MemoryInfo', { mig, wide: true }) ?? 0,
      bar1UsedBytes: answers.number('DeviceGetBAR1MemoryInfo', { mig, offset: 16, wide: true }) ?? 0,
      uncorrectedErrors: answers.number('DeviceGetTotalEccErrors', { args: [1, 0], mig, wide: true }) ?? 0,
      profileId: placed(12) ?? 0,
      firstMemorySlice: placed(16) ?? 0,
      memorySlices: placed(20) ?? 0,
    });
  }
  return instances;
}

/**
 * @param {readonly Omit<ProcessSpelling, 'gpu'>[]} processes
 * @param {number} gpuInstance
 */
function usedBy(processes, gpuInstance) {
  return processes.reduce((sum, one) => sum + (one.gpuInstance === gpuInstance ? (one.usedBytes ?? 0) : 0), 0);
}

/**
 * @param {Answers} answers
 * @returns {MigProfileSpelling[]}
 */
export function migProfiles(answers) {
  const profiles = [];
  for (let number = 0; number < PROFILE_NUMBERS; number += 1) {
    const third = answers.filled('DeviceGetGpuInstanceProfileInfoV', [number, PROFILE_V3])?.[0];
    const second = answers.filled('DeviceGetGpuInstanceProfileInfoV', [number, PROFILE_V2])?.[0];
    const first = answers.filled('DeviceGetGpuInstanceProfileInfo', [number])?.[0];
    const numbers = third?.subarray(4) ?? second?.subarray(4) ?? first;
    if (numbers === undefined) continue;
    // The third version has left out the second number.
    const engines = third === undefined ? numbers.subarray(8) : numbers.subarray(4);
    const wide = third?.subarray(40) ?? second?.subarray(48) ?? first?.subarray(40);
    const name = third?.subarray(48) ?? second?.subarray(56);
    profiles.push({
      number,
      id: numbers.readUInt32LE(0),
      // The driver writes the word before it.
      name: name === undefined ? String(number) : textOf(name).replace(/^MIG /, ''),
      slices: engines.readUInt32LE(0),
      instances: engines.readUInt32LE(4),
      multiprocessors: engines.readUInt32LE(8),
      copyEngines: engines.readUInt32LE(12),
      decoders: engines.readUInt32LE(16),
      encoders: engines.readUInt32LE(20),
      jpegEngines: engines.readUInt32LE(24),
      ofaEngines: engines.readUInt32LE(28),
      memoryMebibytes: Number(wide?.readBigUInt64LE(0) ?? 0n),
      memorySlices: 1,
      // Not asked by a capture. How many more fit is kept as a raw answer.
      placements: [],
    });
  }
  return profiles;
}

/**
 * @param {Capture} capture
 * @param {number} gpu
 * @returns {Omit<ProcessSpelling, 'gpu'>[]}
 */
export function processesOf(capture, gpu) {
  const use = useByPid(capture, gpu);
  return LISTS.flatMap(([type, word]) => {
    const list = ['_v3', '_v2', '']
      .map((suffix) =>
        capture.processes.find(
          (one) =>
            one.gpu === gpu &&
            one.mig === undefined &&
            one.code === 0 &&
            one.function === `nvmlDeviceGet${word}RunningProcesses${suffix}`,
        ),
      )
      .find((one) => one !== undefined);
    if (list === undefined || list.entryBytes === 0) return [];
    return Array.from({ length: list.count }, (_, index) => {
      const entry = list.bytes.subarray(index * list.entryBytes, (index + 1) * list.entryBytes);
      const used = entry.readBigUInt64LE(8);
      const instance = (/** @type {number} */ offset) => {
        const id = entry.length >= offset + 4 ? entry.readUInt32LE(offset) : NOT_APPLICABLE;
        return id === NOT_APPLICABLE ? undefined : id;
      };
      const gpuInstance = instance(16);
      const computeInstance = instance(20);
      const pid = entry.readUInt32LE(0);
      return {
        pid,
        type,
        ...(used === NOT_AVAILABLE ? {} : { usedBytes: Number(used) }),
        ...(use.get(pid) ?? {}),
        ...(gpuInstance === undefined ? {} : { gpuInstance }),
        ...(computeInstance === undefined ? {} : { computeInstance }),
      };
    });
  });
}

/**
 * Bytes of an entry of the newest list, for the whole node.
 * @param {Capture} capture
 * @returns {number | undefined} undefined where no process was seen
 */
export function processStride(capture) {
  return capture.processes.find(({ function: name, entryBytes }) => name.endsWith('_v3') && entryBytes > 0)?.entryBytes;
}

/**
 * @param {Capture} capture
 * @param {number} gpu
 */
function useByPid(capture, gpu) {
  /** @type {Map<number, Partial<ProcessSpelling>>} */
  const use = new Map();
  for (const list of capture.processUtilization) {
    if (list.gpu !== gpu || list.code !== 0 || list.entryBytes === 0) continue;
    const newer = list.function === 'nvmlDeviceGetProcessesUtilizationInfo';
    for (let index = 0; index < list.count; index += 1) {
      const entry = list.bytes.subarray(index * list.entryBytes);
      const [pidAt, first] = newer ? [8, 12] : [0, 16];
      const percent = (/** @type {number} */ place) => Math.min(100, entry.readUInt32LE(first + 4 * place));
      use.set(entry.readUInt32LE(pidAt), {
        smPercent: percent(0),
        memoryPercent: percent(1),
        encoderPercent: percent(2),
        decoderPercent: percent(3),
      });
    }
  }
  return use;
}
