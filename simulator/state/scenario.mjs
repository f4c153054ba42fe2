// @ts-check
/**
 * Reads a scenario and checks its form; README.md describes it. Every refusal says where, what was expected and what
 * came.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { attributeNamed, NODE_ATTRIBUTES } from './attributes.mjs';
import { driverVersionOf } from './branches.mjs';

/** @typedef {number | string} Scalar */
/** @typedef {Scalar | readonly Scalar[] | { first: number, step: number }} AttributeSpelling */

/**
 * @typedef {object} LoadSpelling
 * @property {readonly { seconds: number, percent: number }[]} steps
 */

/**
 * @typedef {object} ProcessSpelling
 * @property {number} gpu within the group
 * @property {number} pid
 * @property {'compute' | 'graphics' | 'mps'} type
 * @property {number} [usedBytes]
 * @property {number} [smPercent]
 * @property {number} [memoryPercent]
 * @property {number} [encoderPercent]
 * @property {number} [decoderPercent]
 * @property {number} [gpuInstance]
 * @property {number} [computeInstance]
 */

/**
 * @typedef {object} MigSpelling
 * @property {number} gpu within the group
 * @property {number} gpuInstance
 * @property {number} computeInstance
 * @property {string} profile
 * @property {number} slices
 * @property {number} [computeSlices] absent = slices
 * @property {number} multiprocessors
 * @property {number} copyEngines
 * @property {number} [decoders]
 * @property {number} [encoders]
 * @property {number} [jpegEngines]
 * @property {number} [ofaEngines]
 * @property {number} memoryTotalBytes
 * @property {number} [memoryReservedBytes]
 * @property {number} [memoryUsedBytes]
 * @property {number} bar1TotalBytes
 * @property {number} [bar1UsedBytes]
 * @property {number} [uncorrectedErrors] volatile ones, none of DRAM
 * @property {number} [profileId] this and the next two as the driver's list of GPU instances has them
 * @property {number} [firstMemorySlice]
 * @property {number} [memorySlices]
 * @property {string} [uuid]
 */

/**
 * A size of GPU instance.
 * @typedef {object} MigProfileSpelling
 * @property {number} number in the driver's list of all profiles, 0 to 17
 * @property {number} id
 * @property {string} name
 * @property {number} slices
 * @property {number} instances how many fit at most
 * @property {number} multiprocessors
 * @property {number} copyEngines
 * @property {number} [decoders]
 * @property {number} [encoders]
 * @property {number} [jpegEngines]
 * @property {number} [ofaEngines]
 * @property {number} memoryMebibytes
 * @property {number} memorySlices
 * @property {readonly number[]} placements memory slices at which one may begin
 */

/**
 * @typedef {object} GroupSpelling
 * @property {number} count
 * @property {Readonly<Record<string, AttributeSpelling>>} attributes
 * @property {readonly LoadSpelling[]} [load]
 * @property {readonly ProcessSpelling[]} [processes]
 * @property {readonly MigProfileSpelling[]} [migProfiles]
 * @property {readonly MigSpelling[]} [mig]
 */

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} [description]
 * @property {Readonly<Record<string, number>>} [node]
 * @property {readonly GroupSpelling[]} groups
 * @property {Readonly<Record<string, number>>} [callLatency] microseconds a call takes, by function; `*`: the others
 * @property {import('./branches.mjs').CapturedDriver} [driver] of the captured host
 * @property {import('./recorded.mjs').RecordedSection} [recorded] answers of a real host that attributes cannot say
 * @property {import('../host/host-plan.mjs').HostSection} host
 */

const SCENARIOS = fileURLToPath(new URL('../scenarios', import.meta.url));
/** Handles have room for so many. */
const MOST_GPUS = 64;
const MOST_STEPS = 7;

const PROCESS_NUMBERS = [
  'gpu',
  'pid',
  'usedBytes',
  'smPercent',
  'memoryPercent',
  'encoderPercent',
  'decoderPercent',
  'gpuInstance',
  'computeInstance',
];
const MIG_NEEDED = [
  'gpu',
  'gpuInstance',
  'computeInstance',
  'slices',
  'multiprocessors',
  'copyEngines',
  'memoryTotalBytes',
  'bar1TotalBytes',
];
const MIG_OPTIONAL = [
  'computeSlices',
  'decoders',
  'encoders',
  'jpegEngines',
  'ofaEngines',
  'memoryReservedBytes',
  'memoryUsedBytes',
  'bar1UsedBytes',
  'uncorrectedErrors',
  'profileId',
  'firstMemorySlice',
  'memorySlices',
];
const PROFILE_NEEDED = [
  'number',
  'id',
  'slices',
  'instances',
  'multiprocessors',
  'copyEngines',
  'memoryMebibytes',
  'memorySlices',
];
const PROFILE_OPTIONAL = ['decoders', 'encoders', 'jpegEngines', 'ofaEngines'];
/** Memory slices are bits of a number. */
const MOST_MEMORY_SLICES = 31;

/** @returns {string[]} names of the scenarios that come with the simulator */
export function scenarioNames() {
  return readdirSync(SCENARIOS)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .sort();
}

/**
 * @param {string} nameOrPath name of a scenario that comes with the simulator, or path of a YAML file
 * @returns {Scenario}
 * @throws {Error} when there is none, or it is not well formed
 */
export function loadScenario(nameOrPath) {
  const known = join(SCENARIOS, `${nameOrPath}.yaml`);
  const path = /^[\w-]+$/.test(nameOrPath) && existsSync(known) ? known : nameOrPath;
  if (!existsSync(path)) {
    throw new Error(`no scenario "${nameOrPath}"; expected a file or one of: ${scenarioNames().join(', ')}`);
  }
  return parseScenario(readFileSync(path, 'utf8'), path);
}

/**
 * @param {string} text YAML
 * @param {string} origin named in refusals
 * @returns {Scenario}
 */
export function parseScenario(text, origin) {
  const scenario = parse(text);
  const at = (/** @type {string} */ where) => `${origin}: ${where}`;
  checkKeys(
    scenario,
    ['name', 'description', 'driver', 'node', 'callLatency', 'groups', 'recorded', 'host'],
    ['name', 'groups', 'host'],
    at('scenario'),
  );
  checkCallLatency(scenario.callLatency ?? {}, at('callLatency'));
  checkDriver(scenario.driver, at('driver'));
  checkKeys(scenario.recorded ?? {}, ['answers', 'fields', 'metrics'], [], at('recorded'));
  if (typeof scenario.name !== 'string' || !/^[\w.-]+$/.test(scenario.name)) {
    throw refusal(at('name'), 'letters, digits, ".", "-", "_"', scenario.name);
  }
  for (const [name, value] of Object.entries(scenario.node ?? {})) {
    if (!NODE_ATTRIBUTES.has(name)) throw refusal(at('node'), [...NODE_ATTRIBUTES].join(', '), name);
    checkInteger(value, at(`node.${name}`));
  }
  const stride = scenario.node?.processStrideBytes;
  if (stride !== undefined && ![16, 24, 32].includes(stride)) {
    throw refusal(at('node.processStrideBytes'), '16, 24 or 32', stride);
  }
  if (!Array.isArray(scenario.groups)) throw refusal(at('groups'), 'a list', scenario.groups);
  for (const [index, group] of scenario.groups.entries()) checkGroup(group, at(`groups[${index}]`));
  const gpus = scenario.groups.reduce(
    (/** @type {number} */ sum, /** @type {GroupSpelling} */ { count }) => sum + count,
    0,
  );
  if (gpus > MOST_GPUS) throw refusal(at('groups'), `at most ${MOST_GPUS} GPUs`, gpus);
  return scenario;
}

/**
 * @param {unknown} driver
 * @param {string} where
 */
function checkDriver(driver, where) {
  if (driver === undefined) return;
  checkKeys(driver, ['branch', 'version', 'missing'], ['branch'], where);
  const { branch, version = '0', missing = [] } = /** @type {import('./branches.mjs').CapturedDriver} */ (driver);
  driverVersionOf(String(branch));
  if (!/^[\d.]+$/.test(version)) throw refusal(`${where}.version`, 'digits and dots, in quotes', version);
  if (!Array.isArray(missing) || !missing.every((name) => /^nvml\w+$/.test(name))) {
    throw refusal(`${where}.missing`, 'names of functions of the library', missing);
  }
}

/**
 * @param {Readonly<Record<string, number>>} latency microseconds by function
 * @param {string} where
 */
export function checkCallLatency(latency, where) {
  for (const [name, microseconds] of Object.entries(latency)) {
    if (name !== '*' && !/^nvml\w+$/.test(name)) throw refusal(where, 'a function of the library, or *', name);
    if (!(microseconds >= 0 && Number.isFinite(microseconds))) {
      throw refusal(`${where}.${name}`, 'microseconds from 0', microseconds);
    }
  }
}

/**
 * @param {GroupSpelling} group
 * @param {string} where
 */
function checkGroup(group, where) {
  checkKeys(group, ['count', 'attributes', 'load', 'processes', 'migProfiles', 'mig'], ['count', 'attributes'], where);
  checkInteger(group.count, `${where}.count`);
  for (const [name, spelling] of Object.entries(group.attributes)) {
    checkAttribute(name, spelling, group.count, `${where}.attributes.${name}`);
  }
  if (group.load !== undefined && group.load.length !== 1 && group.load.length !== group.count) {
    throw refusal(`${where}.load`, `1 or ${group.count} entries`, group.load.length);
  }
  for (const [index, load] of (group.load ?? []).entries()) checkLoad(load, `${where}.load[${index}]`);
  for (const [index, process] of (group.processes ?? []).entries()) {
    checkProcess(process, group.count, `${where}.processes[${index}]`);
  }
  for (const [index, profile] of (group.migProfiles ?? []).entries()) {
    checkMigProfile(profile, `${where}.migProfiles[${index}]`);
  }
  for (const [index, mig] of (group.mig ?? []).entries()) checkMig(mig, group.count, `${where}.mig[${index}]`);
}

/**
 * @param {string} name
 * @param {AttributeSpelling} spelling
 * @param {number} count
 * @param {string} where
 */
function checkAttribute(name, spelling, count, where) {
  const { kind } = attributeNamed(name);
  if (NODE_ATTRIBUTES.has(name)) throw refusal(where, 'an attribute of a GPU', 'one of the node');
  if (Array.isArray(spelling)) {
    if (spelling.length !== count) throw refusal(where, `a list of ${count}`, `one of ${spelling.length}`);
    for (const value of spelling) checkScalar(kind, value, where);
  } else if (typeof spelling === 'object' && spelling !== null) {
    checkKeys(spelling, ['first', 'step'], ['first', 'step'], where);
    if (kind === 'text') throw refusal(where, 'a text', 'first and step');
    const { first, step } = /** @type {{ first: number, step: number }} */ (spelling);
    checkScalar('signed', step, where);
    for (let index = 0; index < count; index += 1) checkScalar(kind, first + index * step, where);
  } else {
    checkScalar(kind, spelling, where);
  }
}

/**
 * @param {import('./attributes.mjs').AttributeKind} kind
 * @param {unknown} value
 * @param {string} where
 */
function checkScalar(kind, value, where) {
  if (kind === 'text') {
    if (typeof value !== 'string') throw refusal(where, 'a text (in quotes)', value);
    return;
  }
  if (!Number.isSafeInteger(value)) throw refusal(where, 'a whole number', value);
  if (kind !== 'signed' && Number(value) < 0) throw refusal(where, 'no negative number', value);
}

/**
 * @param {LoadSpelling} load
 * @param {string} where
 */
export function checkLoad(load, where) {
  checkKeys(load, ['steps'], ['steps'], where);
  if (!Array.isArray(load.steps) || load.steps.length < 1 || load.steps.length > MOST_STEPS) {
    throw refusal(`${where}.steps`, `1 to ${MOST_STEPS} steps`, load.steps);
  }
  for (const step of load.steps) {
    checkKeys(step, ['seconds', 'percent'], ['seconds', 'percent'], `${where}.steps`);
    if (!(step.seconds >= 0.001)) throw refusal(`${where}.steps`, 'at least 0.001 seconds', step.seconds);
    if (!Number.isInteger(step.percent) || step.percent < 0 || step.percent > 100) {
      throw refusal(`${where}.steps`, 'a whole percent from 0 to 100', step.percent);
    }
  }
}

/**
 * @param {ProcessSpelling} process
 * @param {number} gpus
 * @param {string} where
 */
export function checkProcess(process, gpus, where) {
  checkKeys(process, [...PROCESS_NUMBERS, 'type'], ['gpu', 'pid', 'type'], where);
  for (const key of PROCESS_NUMBERS) checkOptionalInteger(process, key, where);
  if (!['compute', 'graphics', 'mps'].includes(process.type)) {
    throw refusal(`${where}.type`, 'compute, graphics or mps', process.type);
  }
  if (process.gpu >= gpus) throw refusal(`${where}.gpu`, `below ${gpus}`, process.gpu);
}

/**
 * @param {MigSpelling} mig
 * @param {number} gpus
 * @param {string} where
 */
export function checkMig(mig, gpus, where) {
  checkKeys(mig, [...MIG_NEEDED, ...MIG_OPTIONAL, 'profile', 'uuid'], [...MIG_NEEDED, 'profile'], where);
  for (const key of [...MIG_NEEDED, ...MIG_OPTIONAL]) checkOptionalInteger(mig, key, where);
  if (mig.gpu >= gpus) throw refusal(`${where}.gpu`, `below ${gpus}`, mig.gpu);
}

/**
 * @param {MigProfileSpelling} profile
 * @param {string} where
 */
function checkMigProfile(profile, where) {
  checkKeys(
    profile,
    [...PROFILE_NEEDED, ...PROFILE_OPTIONAL, 'name', 'placements'],
    [...PROFILE_NEEDED, 'name', 'placements'],
    where,
  );
  for (const key of [...PROFILE_NEEDED, ...PROFILE_OPTIONAL]) checkOptionalInteger(profile, key, where);
  const fits = (/** @type {unknown} */ start) =>
    Number.isInteger(start) && Number(start) >= 0 && Number(start) + profile.memorySlices <= MOST_MEMORY_SLICES;
  if (!Array.isArray(profile.placements) || !profile.placements.every(fits)) {
    throw refusal(`${where}.placements`, `a list of memory slices below ${MOST_MEMORY_SLICES}`, profile.placements);
  }
}

/**
 * @param {object} record
 * @param {string} key
 * @param {string} where
 */
function checkOptionalInteger(record, key, where) {
  const value = /** @type {Record<string, unknown>} */ (record)[key];
  if (value !== undefined) checkInteger(value, `${where}.${key}`);
}

/**
 * @param {unknown} value
 * @param {string} where
 */
function checkInteger(value, where) {
  if (!Number.isSafeInteger(value) || Number(value) < 0) throw refusal(where, 'a whole number from 0', value);
}

/**
 * @param {unknown} record
 * @param {readonly string[]} allowed
 * @param {readonly string[]} needed
 * @param {string} where
 */
function checkKeys(record, allowed, needed, where) {
  if (typeof record !== 'object' || record === null || Array.isArray(record))
    throw refusal(where, 'keys and values', record);
  for (const key of Object.keys(record)) {
    if (!allowed.includes(key)) throw refusal(where, `only the keys ${allowed.join(', ')}`, key);
  }
  for (const key of needed) {
    if (!(key in record)) throw refusal(where, `the key ${key}`, `only ${Object.keys(record).join(', ')}`);
  }
}

/**
 * @param {string} where
 * @param {string} expected
 * @param {unknown} came
 */
function refusal(where, expected, came) {
  return new RangeError(
    `${where}: expected ${expected}, got ${typeof came === 'string' ? came : JSON.stringify(came)}`,
  );
}
