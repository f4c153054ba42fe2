// @ts-check
/**
 * `gpu-node-simulator hami DIR …`: shares of a simulated node come, are damaged, move and go, as HAMi's device plugin
 * and its containers would do it.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { containerDirectory, writeHamiContainer } from '../host/hami-containers.mjs';
import { damageUsageFile, USAGE_DAMAGES } from '../host/hami-damage.mjs';
import { LAYOUTS } from '../host/hami-layouts.mjs';
import { HOST_FOLDERS, moveHamiUsage, readHost } from '../host/host-record.mjs';
import { openTree } from '../host/tree.mjs';
import { openNode } from '../node.mjs';
import { UsageError } from './arguments.mjs';

/**
 * @typedef {import('./arguments.mjs').Arguments} Arguments
 * @typedef {import('../node.mjs').SimulatedNode} SimulatedNode
 * @typedef {import('../host/tree.mjs').Tree} Tree
 */

const layouts = Object.keys(LAYOUTS);
const kinds = Object.keys(USAGE_DAMAGES);

/** @type {import('./commands.mjs').Command} */
export const HAMI = {
  help: 'containers with a share of a GPU; "run" moves their usage until Ctrl-C',
  words: 'list | add | damage | remove | run',
  flags: {
    'pod-uid': { kind: 'text', help: 'of the pod' },
    container: { kind: 'text', help: 'its name' },
    gpu: { kind: 'text', help: 'add: index or UUID of the GPU' },
    layout: { kind: 'text', help: `add: ${layouts.join(', ')}; default 1.2` },
    'limit-bytes': { kind: 'number', help: 'add: memory limit' },
    'sm-limit-percent': { kind: 'number', help: 'add: limit of the multiprocessors' },
    priority: { kind: 'number', help: 'add: 0 is high, 1 (default) low' },
    'host-pid': { kind: 'number', help: 'add: a process that uses the share' },
    'context-bytes': { kind: 'number', help: 'add: memory of its context' },
    'data-bytes': { kind: 'number', help: 'add: memory it allocated' },
    'sm-util-percent': { kind: 'number', help: 'add: how busy it keeps the multiprocessors' },
    kind: { kind: 'text', help: `damage: ${kinds.join(', ')}` },
    'interval-seconds': { kind: 'number', help: 'run: default 1' },
  },
  run: async (args) => {
    const [verb = ''] = args.rest;
    const action = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
    if (action === undefined) {
      throw new UsageError(`hami: expected ${Object.keys(VERBS).join(', ')}, got "${args.rest.join(' ')}"`);
    }
    const node = openNode(args.directory);
    return action(args, node, openTree(join(node.directory, HOST_FOLDERS.hami)));
  },
};

/** @type {Readonly<Record<string, (args: Arguments, node: SimulatedNode, containers: Tree) => string | undefined | Promise<undefined>>>} */
const VERBS = {
  list: (_args, _node, containers) =>
    containers
      .names('.')
      .sort()
      .map((name) => `${name}: ${containers.names(name).sort().join(' ')}`)
      .join('\n'),
  add: (args, node, containers) => writeHamiContainer(containers, planFrom(args, node)),
  damage: (args, _node, containers) => {
    const kind = needed(args, 'kind');
    if (!kinds.includes(kind)) throw new UsageError(`hami damage: --kind: expected ${kinds.join(', ')}, got "${kind}"`);
    const directory = existing(args, containers);
    const name = containers
      .names(directory)
      .sort()
      .find((entry) => entry.endsWith('.cache'));
    if (name === undefined) throw new Error(`${containers.path(directory)} has no usage file yet`);
    const file = containers.path(`${directory}/${name}`);
    damageUsageFile(file, kind);
    return file;
  },
  remove: (args, _node, containers) => {
    const directory = existing(args, containers);
    containers.remove(directory);
    return containers.path(directory);
  },
  run: async (args, node) => {
    const seconds = args.number('interval-seconds') ?? 1;
    if (seconds <= 0) throw new UsageError(`hami run: --interval-seconds: expected more than 0, got ${seconds}`);
    await moveUntil(node, seconds, endOfProgram());
    return undefined;
  },
};

/**
 * Rewrites the usage files again and again, as their containers do.
 * @param {SimulatedNode} node
 * @param {number} intervalSeconds of real time; what is written follows the node's clock
 * @param {AbortSignal} signal ends it
 */
export async function moveUntil(node, intervalSeconds, signal) {
  while (!signal.aborted) {
    moveHamiUsage(node.directory, Number(node.now().realtimeNanoseconds) / 1e9);
    await sleep(intervalSeconds * 1_000, undefined, { signal }).catch(() => {});
  }
}

/** Ends with the first of the signals that ask a program to end. */
function endOfProgram() {
  const end = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => end.abort());
  return end.signal;
}

/**
 * @param {Arguments} args
 * @param {SimulatedNode} node
 * @returns {import('../host/plan.mjs').HamiContainerPlan}
 */
function planFrom(args, node) {
  const layout = layouts.find((name) => name === (args.text('layout') ?? '1.2'));
  if (layout === undefined) {
    throw new UsageError(`hami add: --layout: expected ${layouts.join(', ')}, got "${args.text('layout')}"`);
  }
  const podUid = needed(args, 'pod-uid');
  const limitBytes = args.number('limit-bytes');
  const smLimitPercent = args.number('sm-limit-percent');
  const priority = args.number('priority');
  return {
    podUid,
    container: needed(args, 'container'),
    layout: /** @type {import('../host/hami-layouts.mjs').LayoutName} */ (layout),
    fileName: podUid,
    content: {
      devices: [
        {
          uuid: uuidFrom(node, needed(args, 'gpu')),
          ...(limitBytes === undefined ? {} : { limitBytes }),
          ...(smLimitPercent === undefined ? {} : { smLimitPercent }),
        },
      ],
      processes: processesFrom(args),
      ...(priority === undefined ? {} : { priority }),
    },
  };
}

/**
 * @param {Arguments} args
 * @returns {import('../host/hami-content.mjs').UsageProcess[]}
 */
function processesFrom(args) {
  const hostPid = args.number('host-pid');
  if (hostPid === undefined) return [];
  const contextBytes = args.number('context-bytes') ?? 0;
  const dataBytes = args.number('data-bytes') ?? 0;
  const smUtilPercent = args.number('sm-util-percent') ?? 0;
  const use = { contextBytes, dataBytes, driverReportedBytes: contextBytes + dataBytes, smUtilPercent };
  return [{ pid: 1, hostPid, devices: [use] }];
}

/**
 * A GPU's UUID from its index, or the text itself.
 * @param {SimulatedNode} node
 * @param {string} gpu
 */
function uuidFrom(node, gpu) {
  if (!/^\d+$/.test(gpu)) return gpu;
  const { gpus } = readHost(node.directory);
  const found = gpus[Number(gpu)];
  if (found === undefined)
    throw new UsageError(`hami add: --gpu: expected an index below ${gpus.length} or a UUID, got ${gpu}`);
  return found.uuid;
}

/**
 * The name of the container's directory, which must be there.
 * @param {Arguments} args
 * @param {Tree} containers
 */
function existing(args, containers) {
  const name = containerDirectory({ podUid: needed(args, 'pod-uid'), container: needed(args, 'container') });
  if (!containers.names('.').includes(name))
    throw new Error(`no container ${name}; "hami DIR list" names those there are`);
  return name;
}

/**
 * @param {Arguments} args
 * @param {string} flag
 */
function needed(args, flag) {
  const value = args.text(flag);
  if (value === undefined || value === '') throw new UsageError(`hami ${args.rest[0]}: --${flag} is needed`);
  if (value.includes('/')) throw new UsageError(`hami ${args.rest[0]}: --${flag}: expected no "/", got "${value}"`);
  return value;
}
