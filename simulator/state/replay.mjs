// @ts-check
/**
 * The node as its journal describes it, for the tool: what `show` prints and what the host trees are built from.
 */
import { ATTRIBUTES } from './attributes.mjs';
import { EntryKind } from './entries.mjs';

/** @typedef {import('./entries.mjs').Entry} Entry */
/** @typedef {bigint | string} Value */

/**
 * @typedef {object} ReplayedProcess
 * @property {number} pid
 * @property {'compute' | 'graphics' | 'mps'} type
 * @property {bigint} [usedBytes]
 * @property {number} [gpuInstance]
 * @property {number} [computeInstance]
 */

/**
 * @typedef {object} ReplayedGpu
 * @property {Map<string, Value>} attributes
 * @property {readonly { seconds: number, percent: number }[]} load steps
 * @property {ReplayedProcess[]} processes
 * @property {{ gpuInstance: number, computeInstance: number, profile: string, uuid: string }[]} migInstances
 * @property {boolean} lost
 * @property {string} driver name of the kernel driver it is bound to, empty = none
 */

/**
 * @typedef {object} ReplayedFault
 * @property {number} id
 * @property {string} function `*` = every one; `(lost)` = the GPU fell off the bus
 * @property {number} gpu -1 = all
 * @property {number} pid -1 = all
 * @property {string} effect in words
 */

/**
 * @typedef {object} ReplayedNode
 * @property {Map<string, Value>} attributes
 * @property {ReplayedGpu[]} gpus
 * @property {ReplayedFault[]} faults
 * @property {string | undefined} branch of the loaded driver; undefined = not loaded
 * @property {number} generation loads of the driver so far
 */

const NOT_APPLICABLE = 0xffff_ffffn;
const NAMES = [...ATTRIBUTES.values()];
const PROCESS_TYPES = /** @type {const} */ (['compute', 'graphics', 'mps']);

/**
 * @param {{ header: { gpus: number }, entries: readonly Entry[] }} journal
 * @returns {ReplayedNode}
 */
export function replay({ header, entries }) {
  /** @type {ReplayedNode} */
  const node = {
    attributes: new Map(),
    gpus: Array.from({ length: header.gpus }, () => ({
      attributes: new Map(),
      load: [],
      processes: [],
      migInstances: [],
      lost: false,
      driver: 'nvidia',
    })),
    faults: [],
    branch: undefined,
    generation: 0,
  };
  for (const entry of entries) apply(node, entry);
  for (const [index, gpu] of node.gpus.entries()) {
    gpu.lost = node.faults.some((fault) => fault.function === '(lost)' && fault.gpu === index);
  }
  return node;
}

/**
 * @param {ReplayedNode} node
 * @param {Entry} entry
 */
function apply(node, entry) {
  const gpus = entry.gpu < 0 ? node.gpus : node.gpus.slice(entry.gpu, entry.gpu + 1);
  switch (entry.kind) {
    case EntryKind.setValue:
      setValue(entry.gpu < 0 ? node.attributes : gpus[0]?.attributes, entry);
      break;
    case EntryKind.setLoad:
      for (const gpu of gpus) gpu.load = stepsOf(entry);
      break;
    case EntryKind.startProcess:
      for (const gpu of gpus) gpu.processes.push(processOf(entry));
      break;
    case EntryKind.endProcess:
      for (const gpu of gpus) gpu.processes = gpu.processes.filter(({ pid }) => pid !== entry.pid);
      break;
    case EntryKind.createMigInstance:
      for (const gpu of gpus) gpu.migInstances.push({ ...placeOf(entry), profile: entry.name, uuid: entry.text });
      break;
    case EntryKind.destroyMigInstance: {
      const { gpuInstance, computeInstance } = placeOf(entry);
      for (const gpu of gpus) {
        gpu.migInstances = gpu.migInstances.filter(
          (mig) => mig.gpuInstance !== gpuInstance || mig.computeInstance !== computeInstance,
        );
      }
      break;
    }
    case EntryKind.fault:
    case EntryKind.loseGpu:
      node.faults.push(faultOf(entry));
      break;
    case EntryKind.clear:
      node.faults = node.faults.filter(({ id }) => entry.numbers[0] !== 0n && BigInt(id) !== entry.numbers[0]);
      break;
    case EntryKind.unloadDriver:
      node.branch = undefined;
      break;
    case EntryKind.loadDriver:
      node.branch = entry.name;
      node.generation += 1;
      break;
    case EntryKind.bindGpu:
      for (const gpu of gpus) gpu.driver = entry.name;
      break;
    default: // Events change nothing that lasts.
      break;
  }
}

/**
 * @param {Map<string, Value> | undefined} attributes
 * @param {Entry} entry
 */
function setValue(attributes, { numbers, text }) {
  const attribute = NAMES[Number(numbers[0])];
  if (attribute === undefined || attributes === undefined) return;
  const number = numbers[2] ?? 0n;
  if (numbers[1] === 0n) attributes.delete(attribute.name);
  else if (attribute.kind === 'text') attributes.set(attribute.name, text);
  else attributes.set(attribute.name, attribute.kind === 'signed' ? BigInt.asIntN(64, number) : number);
}

/** @param {Entry} entry */
function stepsOf({ numbers }) {
  return Array.from({ length: Number(numbers[0]) }, (_, index) => ({
    seconds: Number(numbers[2 + 2 * index]) / 1e9,
    percent: Number(numbers[3 + 2 * index]),
  }));
}

/**
 * @param {Entry} entry
 * @returns {ReplayedProcess}
 */
function processOf({ pid, numbers }) {
  return {
    pid,
    type: PROCESS_TYPES[Number(numbers[0])] ?? 'compute',
    ...(numbers[1] === 0n ? {} : { usedBytes: numbers[2] ?? 0n }),
    ...(numbers[7] === NOT_APPLICABLE ? {} : { gpuInstance: Number(numbers[7]) }),
    ...(numbers[8] === NOT_APPLICABLE ? {} : { computeInstance: Number(numbers[8]) }),
  };
}

/** @param {Entry} entry */
function placeOf({ numbers }) {
  return { gpuInstance: Number(numbers[0]), computeInstance: Number(numbers[1]) };
}

/**
 * @param {Entry} entry
 * @returns {ReplayedFault}
 */
function faultOf({ kind, id, gpu, pid, numbers, name, text }) {
  if (kind === EntryKind.loseGpu) return { id, function: '(lost)', gpu, pid: -1, effect: 'GPU is lost' };
  const [hang, hasCode, code, sleep, busy] = numbers;
  const effects = [
    hang === 1n ? 'hangs, killable' : '',
    hang === 2n ? `sleeps in D state on ${text}` : '',
    sleep !== 0n ? `takes ${Number(sleep) / 1e3} us` : '',
    busy !== 0n ? `burns ${Number(busy) / 1e3} us of CPU` : '',
    hasCode !== 0n ? `answers ${BigInt.asIntN(32, code ?? 0n)}` : '',
  ];
  return { id, function: name, gpu, pid, effect: effects.filter((effect) => effect !== '').join(', ') };
}
