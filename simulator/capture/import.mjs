// @ts-check
/**
 * Makes a scenario of a capture: guesses the attributes, makes a node of them, and keeps as recorded what that node
 * answers otherwise than the host did.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Document, isMap, isScalar, isSeq, visit } from 'yaml';
import { createNode } from '../node.mjs';
import { DRIVER_VERSIONS } from '../state/branches.mjs';
import { parseScenario } from '../state/scenario.mjs';
import { readCapture } from './capture-file.mjs';
import { findDifferences } from './differences.mjs';
import { Answers, guessGpu } from './guess.mjs';
import { CapturedSysfs, differentFiles } from './host.mjs';
import { migInstances, migProfiles, processesOf, processStride } from './parts.mjs';

/** @typedef {import('./capture-file.mjs').Capture} Capture */
/** @typedef {import('../state/scenario.mjs').Scenario} Scenario */
/** @typedef {import('../state/scenario.mjs').GroupSpelling} GroupSpelling */

/** The kernel lets nobody sleep for much less. */
const SHORTEST_LATENCY_NANOSECONDS = 50_000;
/** A load that stands still. */
const STEP_SECONDS = 3600;

/**
 * @param {string} path of a capture
 * @param {{ name?: string }} [options] `name` of the scenario
 * @returns {{ scenario: Scenario, text: string, lost: string[] }} `text` is the scenario in YAML; `lost`: functions of the
 *   capture that no simulated library has
 * @throws {Error} when it is no capture, or one that no driver answered for
 */
export function importCapture(path, { name = 'captured' } = {}) {
  const capture = readCapture(path);
  const guessed = guess(capture, name);
  const folder = mkdtempSync(join(tmpdir(), 'gpu-node-import-'));
  try {
    const node = createNode(join(folder, 'node'), { scenario: guessed, frozenClock: true });
    const { recorded, lost } = findDifferences(capture, node.libraryPath);
    const files = differentFiles(capture, node.directory);
    const scenario = { ...guessed, recorded, host: { ...guessed.host, ...(files.length === 0 ? {} : { files }) } };
    const text = `${header(capture, path, lost)}${spell(scenario)}`;
    return { scenario: parseScenario(text, path), text, lost };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {Capture} capture
 * @param {string} name
 * @returns {Scenario}
 */
function guess(capture, name) {
  const handles = capture.answers.filter(({ function: call }) => call.startsWith('nvmlDeviceGetHandleByIndex'));
  const count = new Set(handles.map(({ gpu }) => gpu)).size;
  if (count === 0) {
    throw new Error(
      'no GPU answered in this capture: there is nothing to make a scenario of. Record the host again where nvidia-smi answers.',
    );
  }
  const sysfs = new CapturedSysfs(capture);
  const branch = branchFor(capture);
  const version = driverVersion(capture);
  const gpus = Array.from({ length: count }, (_, gpu) => gpuOf(capture, sysfs, gpu, branch));
  const stride = processStride(capture);
  const cuda = new Answers(capture, /** @type {any} */ (undefined)).number('SystemGetCudaDriverVersion_v2');
  const hidden = sysfs.hiddenGpus(new Set(gpus.map(({ address }) => address)));
  const module = capture.files.find(({ root, path }) => root === 'procfs' && path === 'driver/nvidia/version')?.text;
  return {
    name,
    description: 'From a capture of a host',
    driver: { branch, ...(version === undefined ? {} : { version }), missing: missing(capture, branch) },
    node: {
      ...(stride === undefined ? {} : { processStrideBytes: stride }),
      ...(cuda === undefined ? {} : { cudaDriverVersion: cuda }),
    },
    callLatency: latencies(capture),
    groups: groupsOf(gpus),
    host: {
      hostname: capture.system.hostName,
      ...(capture.system.release === '' ? {} : { kernelRelease: capture.system.release }),
      ...(module === undefined ? {} : { openKernelModule: module.includes('Open') }),
      ...(hidden.length === 0 ? {} : { hiddenGpus: hidden }),
    },
  };
}

/**
 * @typedef {object} GuessedGpu
 * @property {string} address
 * @property {Map<string, number | string>} attributes
 * @property {number} percent
 * @property {ReturnType<typeof processesOf>} processes
 * @property {ReturnType<typeof migProfiles>} profiles
 * @property {ReturnType<typeof migInstances>} instances
 */

/**
 * @param {Capture} capture
 * @param {CapturedSysfs} sysfs
 * @param {number} gpu
 * @param {string} branch
 * @returns {GuessedGpu}
 */
function gpuOf(capture, sysfs, gpu, branch) {
  const answers = new Answers(capture, gpu);
  const part = (/** @type {number} */ offset, /** @type {number} */ digits) =>
    (answers.number('DeviceGetPciInfo_v3', { offset }) ?? 0).toString(16).padStart(digits, '0');
  const address = `${part(16, 4)}:${part(20, 2)}:${part(24, 2)}.0`;
  const processes = processesOf(capture, gpu);
  const usedByProcessesBytes = processes.reduce((sum, { usedBytes = 0 }) => sum + usedBytes, 0);
  const { attributes, percent } = guessGpu(answers, {
    usedByProcessesBytes,
    numaNode: sysfs.numaNode(address),
    branch,
  });
  return {
    address,
    attributes,
    percent,
    processes,
    profiles: migProfiles(answers),
    instances: migInstances(answers, processes),
  };
}

/**
 * GPUs that are alike stand together: neighbours that have the same attributes, whatever their values, and offer the
 * same profiles.
 * @param {readonly GuessedGpu[]} gpus
 * @returns {GroupSpelling[]}
 */
function groupsOf(gpus) {
  /** @type {GuessedGpu[][]} */
  const groups = [];
  const kindOf = (/** @type {GuessedGpu} */ { attributes, profiles }) =>
    JSON.stringify([[...attributes.keys()], attributes.get('name'), profiles]);
  for (const gpu of gpus) {
    const last = groups.at(-1);
    if (last?.[0] !== undefined && kindOf(last[0]) === kindOf(gpu)) last.push(gpu);
    else groups.push([gpu]);
  }
  return groups.map((members) => {
    const first = /** @type {GuessedGpu} */ (members[0]);
    /** @type {Record<string, import('../state/scenario.mjs').AttributeSpelling>} */
    const attributes = {};
    for (const name of first.attributes.keys()) {
      const values = members.map((member) => member.attributes.get(name) ?? 0);
      attributes[name] = values.every((value) => value === values[0]) ? (values[0] ?? 0) : values;
    }
    const loads = members.map(({ percent }) => ({ steps: [{ seconds: STEP_SECONDS, percent }] }));
    const processes = members.flatMap((member, gpu) => member.processes.map((process) => ({ gpu, ...process })));
    const mig = members.flatMap((member, gpu) => member.instances.map((instance) => ({ gpu, ...instance })));
    return {
      count: members.length,
      attributes,
      load: loads,
      ...(processes.length === 0 ? {} : { processes }),
      ...(first.profiles.length === 0 ? {} : { migProfiles: first.profiles }),
      ...(mig.length === 0 ? {} : { mig }),
    };
  });
}

/**
 * @param {Capture} capture
 * @returns {string | undefined}
 */
function driverVersion(capture) {
  const said = new Answers(capture, /** @type {any} */ (undefined)).text('SystemGetDriverVersion');
  return said ?? (capture.libraryVersion === '' ? undefined : capture.libraryVersion);
}

/**
 * The oldest branch that is not older than the captured driver, else the newest: what it has too much is taken out.
 * @param {Capture} capture
 */
function branchFor(capture) {
  const major = Number.parseInt(driverVersion(capture) ?? '', 10);
  const branches = Object.keys(DRIVER_VERSIONS)
    .map(Number)
    .sort((a, b) => a - b);
  return String(branches.find((branch) => branch >= major) ?? branches.at(-1));
}

/**
 * Names that the branch's library exports and the captured one did not.
 * @param {Capture} capture
 * @param {string} branch
 */
function missing(capture, branch) {
  const list = fileURLToPath(new URL('../nvml/list-exports', import.meta.url));
  const names = execFileSync(list, [branch], { encoding: 'utf8' })
    .split('\n')
    .filter((name) => name !== '');
  const known = new Set(capture.symbols);
  return known.size === 0 ? [] : names.filter((name) => !known.has(name));
}

/**
 * Microseconds of a call, as the median over everything it was asked about.
 * @param {Capture} capture
 */
function latencies(capture) {
  /** @type {Record<string, number>} */
  const found = {};
  for (const [name, durations] of [...capture.durations].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const sorted = [...durations].sort((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
    if (median >= SHORTEST_LATENCY_NANOSECONDS) found[name] = Math.round(median / 100) / 10;
  }
  return found;
}

/**
 * @param {Capture} capture
 * @param {string} path
 * @param {readonly string[]} lost
 */
function header(capture, path, lost) {
  const lines = [`Made from the capture ${JSON.stringify(path.split('/').at(-1))} by "gpu-node-simulator import".`];
  lines.push('What stands under "recorded" is replayed as it was; attributes may be changed.');
  if (!capture.complete) lines.push('The capture is not complete.');
  if (lost.length > 0) lines.push(`Not replayed, because no simulated library has it: ${lost.join(', ')}.`);
  return lines.map((line) => `# ${line}\n`).join('');
}

/** @param {Scenario} scenario */
function spell(scenario) {
  const document = new Document(scenario, { aliasDuplicateObjects: false });
  // What is one thing stands on one line: a list of values, and each entry of a list of things.
  visit(document, {
    Scalar: (_key, value) => {
      if (typeof value.value === 'string' && value.value.includes('\n')) value.type = 'QUOTE_DOUBLE';
    },
    Seq: (_key, list, path) => {
      if (list.items.every(isScalar)) list.flow = true;
      const inGroup = path.some((node) => isSeq(node));
      for (const item of list.items) if (isMap(item) && (inGroup || !item.has('count'))) item.flow = true;
    },
  });
  return document.toString({ lineWidth: 0 });
}
