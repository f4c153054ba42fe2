// @ts-check
/**
 * `gpu-node-simulator hami <dir> …`: shares of a simulated node come, are damaged, move and go, as HAMi's device
 * plugin and its containers would do it.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { containerDirectory, writeHamiContainer } from './hami-containers.mjs';
import { damageUsageFile, USAGE_DAMAGES } from './hami-damage.mjs';
import { LAYOUTS } from './hami-layouts.mjs';
import { HOST_FOLDERS, moveHamiUsage, readHost } from './host-record.mjs';
import { openTree } from './tree.mjs';

export const HAMI_USAGE = `gpu-node-simulator hami <dir> list
gpu-node-simulator hami <dir> add --pod-uid UID --container NAME --gpu INDEX|UUID
    [--layout ${Object.keys(LAYOUTS).join('|')}] [--limit-bytes N] [--sm-limit-percent N] [--priority N]
    [--host-pid N --context-bytes N --data-bytes N --sm-util-percent N]
gpu-node-simulator hami <dir> damage --pod-uid UID --container NAME --kind KIND
gpu-node-simulator hami <dir> remove --pod-uid UID --container NAME
gpu-node-simulator hami <dir> run [--interval-seconds N]    usage moves until Ctrl-C

KIND is one of ${Object.keys(USAGE_DAMAGES).join(', ')}.
`;

const OPTIONS = /** @type {const} */ ({
  'pod-uid': { type: 'string' },
  container: { type: 'string' },
  gpu: { type: 'string' },
  layout: { type: 'string' },
  kind: { type: 'string' },
  'limit-bytes': { type: 'string' },
  'sm-limit-percent': { type: 'string' },
  priority: { type: 'string' },
  'host-pid': { type: 'string' },
  'context-bytes': { type: 'string' },
  'data-bytes': { type: 'string' },
  'sm-util-percent': { type: 'string' },
  'interval-seconds': { type: 'string' },
});

/**
 * Runs one `hami` command.
 * @param {string} nodeDirectory
 * @param {readonly string[]} args what follows the directory
 * @param {{ print: (line: string) => void, nowUnixSeconds: () => number, signal?: AbortSignal }} surroundings the clock
 *   is that of the simulated node; the signal ends `run`
 * @throws {RangeError} saying what was expected and what came
 */
export async function hamiCommand(nodeDirectory, args, surroundings) {
  const [verb, ...rest] = args;
  const { values } = parseArgs({ args: rest, options: OPTIONS, strict: true });
  const containers = openTree(join(nodeDirectory, HOST_FOLDERS.hami));
  readHost(nodeDirectory);
  switch (verb) {
    case 'list':
      for (const name of containers.names('.').sort()) {
        surroundings.print(`${name}: ${containers.names(name).sort().join(' ')}`);
      }
      return;
    case 'add': {
      const plan = planFromOptions(nodeDirectory, values);
      surroundings.print(`wrote ${writeHamiContainer(containers, plan)}`);
      return;
    }
    case 'damage': {
      const file = usageFileOf(containers.path(directoryFrom(values)));
      damageUsageFile(file, required(values, 'kind'));
      surroundings.print(`damaged ${file}: ${values.kind}`);
      return;
    }
    case 'remove': {
      const name = directoryFrom(values);
      usageFileOf(containers.path(name), true);
      containers.remove(name);
      surroundings.print(`removed ${containers.path(name)}`);
      return;
    }
    case 'run':
      await run(nodeDirectory, number(values, 'interval-seconds') ?? 1, surroundings);
      return;
    default:
      throw new RangeError(`hami: expected list, add, damage, remove or run, got "${verb ?? ''}".\n\n${HAMI_USAGE}`);
  }
}

/**
 * @param {string} nodeDirectory
 * @param {number} intervalSeconds
 * @param {{ nowUnixSeconds: () => number, signal?: AbortSignal }} surroundings
 */
async function run(nodeDirectory, intervalSeconds, { nowUnixSeconds, signal }) {
  if (!(intervalSeconds > 0)) throw new RangeError(`--interval-seconds: expected more than 0, got ${intervalSeconds}`);
  while (!signal?.aborted) {
    moveHamiUsage(nodeDirectory, nowUnixSeconds());
    try {
      await sleep(intervalSeconds * 1_000, undefined, signal === undefined ? {} : { signal });
    } catch {
      return;
    }
  }
}

/** @typedef {Partial<Record<keyof typeof OPTIONS, string>>} Values */

/**
 * @param {string} nodeDirectory
 * @param {Values} values
 * @returns {import('./plan.mjs').HamiContainerPlan}
 */
function planFromOptions(nodeDirectory, values) {
  const layout = values.layout ?? '1.2';
  if (!Object.hasOwn(LAYOUTS, layout)) {
    throw new RangeError(`--layout: expected one of ${Object.keys(LAYOUTS).join(', ')}, got "${layout}"`);
  }
  const hostPid = number(values, 'host-pid');
  const limitBytes = number(values, 'limit-bytes');
  const smLimitPercent = number(values, 'sm-limit-percent');
  const priority = number(values, 'priority');
  const contextBytes = number(values, 'context-bytes') ?? 0;
  const dataBytes = number(values, 'data-bytes') ?? 0;
  const podUid = required(values, 'pod-uid');
  return {
    podUid,
    container: required(values, 'container'),
    layout: /** @type {import('./hami-layouts.mjs').LayoutName} */ (layout),
    fileName: podUid,
    content: {
      devices: [
        {
          uuid: uuidFrom(nodeDirectory, required(values, 'gpu')),
          ...(limitBytes === undefined ? {} : { limitBytes }),
          ...(smLimitPercent === undefined ? {} : { smLimitPercent }),
        },
      ],
      processes:
        hostPid === undefined
          ? []
          : [
              {
                pid: 1,
                hostPid,
                devices: [
                  {
                    contextBytes,
                    dataBytes,
                    driverReportedBytes: contextBytes + dataBytes,
                    smUtilPercent: number(values, 'sm-util-percent') ?? 0,
                  },
                ],
              },
            ],
      ...(priority === undefined ? {} : { priority }),
    },
  };
}

/**
 * A GPU's UUID from its NVML index, or the text itself.
 * @param {string} nodeDirectory
 * @param {string} gpu
 */
function uuidFrom(nodeDirectory, gpu) {
  if (!/^\d+$/.test(gpu)) return gpu;
  const { gpus } = readHost(nodeDirectory);
  const found = gpus[Number(gpu)];
  if (found === undefined) throw new RangeError(`--gpu: expected an index below ${gpus.length} or a UUID, got ${gpu}`);
  return found.uuid;
}

/**
 * The usage file in a container's directory: the first name that ends in `.cache`.
 * @param {string} directory
 * @param {boolean} [mayLack]
 */
function usageFileOf(directory, mayLack = false) {
  let names;
  try {
    names = readdirSync(directory);
  } catch {
    throw new RangeError(`${directory} does not exist; "hami <dir> list" names the containers`);
  }
  const name = names.sort().find((entry) => entry.endsWith('.cache'));
  if (name === undefined && !mayLack) throw new RangeError(`${directory} has no usage file yet`);
  return join(directory, name ?? '');
}

/** @param {Values} values */
function directoryFrom(values) {
  const name = containerDirectory({ podUid: required(values, 'pod-uid'), container: required(values, 'container') });
  if (name.includes('/')) throw new RangeError(`--pod-uid and --container: expected names without "/", got "${name}"`);
  return name;
}

/**
 * @param {Values} values
 * @param {keyof Values} name
 */
function required(values, name) {
  const value = values[name];
  if (value === undefined || value === '') throw new RangeError(`--${name} is missing.\n\n${HAMI_USAGE}`);
  return value;
}

/**
 * @param {Values} values
 * @param {keyof Values} name
 * @returns {number | undefined}
 */
function number(values, name) {
  const text = values[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value))
    throw new RangeError(`--${name}: expected a number, got "${text}"`);
  return value;
}
