// @ts-check
/**
 * From a scenario to the first entries of the journal. A pure function of scenario, seed and branch.
 */
import { ATTRIBUTES, attributeNamed, LONGEST_TEXT_BYTES } from './attributes.mjs';
import { driverVersionOf } from './branches.mjs';
import { EntryKind } from './entries.mjs';
import { recordedDrafts } from './recorded.mjs';

/** @typedef {import('./entries.mjs').EntryDraft} EntryDraft */
/** @typedef {import('./scenario.mjs').Scenario} Scenario */

/** Every simulated UUID begins so, and no real board has it. */
const GPU_PREFIX = 'GPU-51000000';
const MIG_PREFIX = 'MIG-51000000';
const NOT_APPLICABLE = 0xffff_ffff;
const NANOSECONDS = 1e9;
const PROCESS_KINDS = { compute: 0, graphics: 1, mps: 2 };
const MASK = (1n << 64n) - 1n;

/**
 * @param {Scenario} scenario
 * @param {{ seed: number, branch: string, callLatency?: Readonly<Record<string, number>> }} options `callLatency`:
 *   microseconds by function, `*` for those that are not named; it takes the place of the scenario's
 * @returns {{ gpus: number, drafts: EntryDraft[] }}
 */
export function compileScenario(scenario, { seed, branch, callLatency = scenario.callLatency ?? {} }) {
  /** @type {EntryDraft[]} */
  const drafts = [valueDraft('scenarioName', scenario.name)];
  for (const [name, value] of Object.entries(scenario.node ?? {})) drafts.push(valueDraft(name, value));
  let first = 0;
  for (const group of scenario.groups) {
    for (let place = 0; place < group.count; place += 1) {
      const gpu = first + place;
      drafts.push(valueDraft('uuid', gpuUuid(seed, gpu), gpu));
      for (const [name, spelling] of Object.entries(group.attributes)) {
        drafts.push(valueDraft(name, spelledFor(spelling, place, gpu), gpu));
      }
      const load = group.load?.[group.load.length === 1 ? 0 : place];
      if (load !== undefined) drafts.push(loadDraft(load.steps, { seed, gpu }));
    }
    for (const profile of group.migProfiles ?? []) {
      for (let place = 0; place < group.count; place += 1) drafts.push(migProfileDraft(profile, first + place));
    }
    for (const mig of group.mig ?? []) drafts.push(migDraft({ ...mig, gpu: first + mig.gpu }, seed));
    for (const process of group.processes ?? []) drafts.push(processDraft({ ...process, gpu: first + process.gpu }));
    first += group.count;
  }
  for (const [name, microseconds] of Object.entries(callLatency)) drafts.push(latencyDraft(name, microseconds));
  drafts.push(...versionDrafts(scenario, branch), ...recordedDrafts(scenario.recorded ?? {}));
  drafts.push({ kind: EntryKind.loadDriver, name: branch });
  return { gpus: first, drafts };
}

/**
 * @param {string} name of an attribute
 * @param {number | bigint | string | undefined} value undefined = from now on the GPU has none
 * @param {number} [gpu] absent = of the node
 * @returns {EntryDraft}
 */
export function valueDraft(name, value, gpu) {
  const { id, kind } = attributeNamed(name);
  const place = { kind: EntryKind.setValue, ...(gpu === undefined ? {} : { gpu }) };
  if (value === undefined) return { ...place, numbers: [id, 0] };
  if ((kind === 'text') !== (typeof value === 'string')) {
    throw new RangeError(`${name}: expected a ${kind === 'text' ? 'text' : 'number'}, got ${value}`);
  }
  if (typeof value !== 'string') return { ...place, numbers: [id, 1, value] };
  if (Buffer.byteLength(value) > LONGEST_TEXT_BYTES) {
    throw new RangeError(`${name}: "${value}" is longer than ${LONGEST_TEXT_BYTES} bytes`);
  }
  return { ...place, numbers: [id, 1], text: value };
}

/**
 * @param {readonly { seconds: number, percent: number }[]} steps
 * @param {{ seed: number, gpu: number }} origin gives the phase
 * @returns {EntryDraft}
 */
export function loadDraft(steps, { seed, gpu }) {
  const nanoseconds = steps.map(({ seconds }) => BigInt(Math.round(seconds * NANOSECONDS)));
  const period = nanoseconds.reduce((sum, step) => sum + step, 0n);
  const phase = steps.length === 1 ? 0n : phaseOf(seed, gpu, period);
  return {
    kind: EntryKind.setLoad,
    gpu,
    numbers: [steps.length, phase, ...steps.flatMap((step, index) => [nanoseconds[index] ?? 0n, step.percent])],
  };
}

/**
 * @param {import('./scenario.mjs').ProcessSpelling} process `gpu` counts over the whole node
 * @returns {EntryDraft}
 */
export function processDraft(process) {
  return {
    kind: EntryKind.startProcess,
    gpu: process.gpu,
    pid: process.pid,
    numbers: [
      PROCESS_KINDS[process.type],
      process.usedBytes === undefined ? 0 : 1,
      process.usedBytes ?? 0,
      process.smPercent ?? 0,
      process.memoryPercent ?? 0,
      process.encoderPercent ?? 0,
      process.decoderPercent ?? 0,
      process.gpuInstance ?? NOT_APPLICABLE,
      process.computeInstance ?? NOT_APPLICABLE,
    ],
  };
}

/**
 * @param {import('./scenario.mjs').MigSpelling} mig `gpu` counts over the whole node
 * @param {number} seed
 * @returns {EntryDraft}
 */
export function migDraft(mig, seed) {
  return {
    kind: EntryKind.createMigInstance,
    gpu: mig.gpu,
    numbers: [
      mig.gpuInstance,
      mig.computeInstance,
      mig.slices,
      mig.computeSlices ?? mig.slices,
      mig.multiprocessors,
      mig.copyEngines,
      mig.decoders ?? 0,
      mig.encoders ?? 0,
      mig.jpegEngines ?? 0,
      mig.ofaEngines ?? 0,
      mig.memoryTotalBytes,
      mig.memoryReservedBytes ?? 0,
      mig.memoryUsedBytes ?? 0,
      mig.bar1TotalBytes,
      mig.bar1UsedBytes ?? 0,
      mig.uncorrectedErrors ?? 0,
      mig.profileId ?? 0,
      mig.firstMemorySlice ?? 0,
      mig.memorySlices ?? 0,
    ],
    name: mig.profile,
    text: mig.uuid ?? migUuid(seed, mig),
  };
}

/**
 * @param {import('./scenario.mjs').MigProfileSpelling} profile
 * @param {number} gpu index
 * @returns {EntryDraft}
 */
function migProfileDraft(profile, gpu) {
  return {
    kind: EntryKind.offerMigProfile,
    gpu,
    numbers: [
      profile.number,
      profile.id,
      profile.slices,
      profile.instances,
      profile.multiprocessors,
      profile.copyEngines,
      profile.decoders ?? 0,
      profile.encoders ?? 0,
      profile.jpegEngines ?? 0,
      profile.ofaEngines ?? 0,
      profile.memoryMebibytes,
      profile.memorySlices,
      profile.placements.reduce((bits, start) => bits | (1 << start), 0),
    ],
    name: profile.name,
  };
}

/**
 * @param {string} name of a function, or `*`
 * @param {number} microseconds
 * @returns {EntryDraft}
 */
function latencyDraft(name, microseconds) {
  return { kind: EntryKind.callLatency, numbers: [Math.round(microseconds * 1000)], name };
}

/**
 * The library of a captured host says the version of its driver, not that of the branch.
 * @param {Scenario} scenario
 * @param {string} branch
 * @returns {EntryDraft[]}
 */
function versionDrafts({ driver }, branch) {
  const version = driver?.branch === branch ? driver.version : undefined;
  if (version === undefined || version === driverVersionOf(branch)) return [];
  const bytes = [Buffer.from(`${version}\0`).toString('hex')];
  return recordedDrafts({ answers: [{ function: 'nvmlSystemGetDriverVersion', code: 0, bytes }] });
}

/** Names of all attributes in the order of their ids. */
export const attributeNames = [...ATTRIBUTES.keys()];

/**
 * @param {import('./scenario.mjs').AttributeSpelling} spelling
 * @param {number} place of the GPU within its group
 * @param {number} gpu index
 * @returns {number | string}
 */
function spelledFor(spelling, place, gpu) {
  if (typeof spelling === 'number') return spelling;
  if (typeof spelling === 'string') return spelling.replaceAll('{index}', String(gpu));
  if ('first' in spelling) return spelling.first + place * spelling.step;
  return spelledFor(spelling[place] ?? 0, place, gpu);
}

/**
 * @param {number} seed
 * @param {number} gpu
 */
function gpuUuid(seed, gpu) {
  return `${GPU_PREFIX}-0000-4000-8000-${hex(seed * 65_536 + gpu + 1, 12)}`;
}

/**
 * @param {number} seed
 * @param {{ gpu: number, gpuInstance: number, computeInstance: number }} place
 */
function migUuid(seed, { gpu, gpuInstance, computeInstance }) {
  return `${MIG_PREFIX}-${hex(gpu, 4)}-4${hex(gpuInstance, 3)}-8${hex(computeInstance, 3)}-${hex(seed, 12)}`;
}

/**
 * @param {number} value
 * @param {number} digits
 */
function hex(value, digits) {
  return value.toString(16).padStart(digits, '0');
}

/**
 * Where in its period a load starts: SplitMix64 of seed and GPU, in whole milliseconds.
 * @param {number} seed
 * @param {number} gpu
 * @param {bigint} periodNanoseconds
 */
function phaseOf(seed, gpu, periodNanoseconds) {
  const milliseconds = periodNanoseconds / 1_000_000n;
  if (milliseconds === 0n) return 0n;
  let mixed = (BigInt(seed) + BigInt(gpu + 1) * 0x9e37_79b9_7f4a_7c15n) & MASK;
  mixed = ((mixed ^ (mixed >> 30n)) * 0xbf58_476d_1ce4_e5b9n) & MASK;
  mixed = ((mixed ^ (mixed >> 27n)) * 0x94d0_49bb_1331_11ebn) & MASK;
  return ((mixed ^ (mixed >> 31n)) % milliseconds) * 1_000_000n;
}
