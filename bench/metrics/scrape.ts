/**
 * One measurement of scrape.bench.mjs in a process of its own: CPU time per scrape, all threads, of rendering and
 * compressing. HTTP itself is not in it.
 *
 *   node scrape.mjs <shares> <text|openmetrics> <plain|gzip> [<pods>]     prints one JSON object
 *
 * With pods the GPUs are divided into seven MIG instances each, and the pods run on these in turn.
 */
import { Scrape } from '../../src/http/scrape.js';
import { MetricsRenderer } from '../../src/metrics/renderer.js';
import type { Gpu } from '../../src/model/gpu.js';
import type { NodeState } from '../../src/model/node-state.js';
import type { Partition } from '../../src/model/partition.js';
import { nodeClock } from '../../src/native/clock.js';
import { loadAddon } from '../../src/native/load-addon.js';
import { READINGS } from '../../src/native/readings.generated.js';
import {
  ALL_READINGS,
  gpu,
  migInstance,
  node,
  partition,
  readings,
  Source,
  workload,
} from '../../test/metrics/states.js';

const GPUS = 8;
/** Until the compiler has settled; measured are those after it. */
const WARM_UP_SCRAPES = 1000;
const SCRAPES = 1000;

const [shareText = '0', format = 'text', compression = 'plain', podText = '0'] = process.argv.slice(2);
const pods = Number.parseInt(podText, 10);
const shares = Number.parseInt(shareText, 10);
if (format !== 'text' && format !== 'openmetrics') throw new Error(`no format: ${format}`);

const podUid = (share: number) => `5f0d2c3e-7a41-4d52-9b1e-${String(share).padStart(12, '0')}`;
const INSTANCES = 7;
const migUuid = (gpuIndex: number, instance: number) => `MIG-51000000-0000-0000-000${gpuIndex}-00000000000${instance}`;

/** A pod that runs on a MIG instance, and its process. */
const podOn = (pod: number) => ({
  gpuIndex: pod % GPUS,
  instance: Math.floor(pod / GPUS) % INSTANCES,
  id: `${podUid(pod)}/main`,
  pid: 10_000 + pod,
});

/** Seven instances of a GPU with the processes of the pods on them. */
function divided(gpuIndex: number): Pick<Gpu, 'migInstances' | 'processes'> {
  return {
    migInstances: Array.from({ length: INSTANCES }, (_, instance) =>
      migInstance(instance, { uuid: migUuid(gpuIndex, instance), profile: '1g.10gb' }),
    ),
    processes: Array.from({ length: pods }, (_, pod) => podOn(pod))
      .filter((one) => one.gpuIndex === gpuIndex)
      .map(({ pid, instance }) => ({
        pid,
        type: 'compute',
        usedMemoryBytes: 1_000_000_000 + pid,
        gpuInstance: 2 + instance,
        computeInstance: 0,
      })),
  };
}

/** The partitions that the instances are, with the pods on them. */
const instancesGiven: readonly Partition[] = Array.from({ length: pods === 0 ? 0 : GPUS * INSTANCES }, (_, place) => {
  const gpuIndex = place % GPUS;
  const instance = Math.floor(place / GPUS);
  const on = Array.from({ length: pods }, (_, pod) => podOn(pod)).filter(
    (one) => one.gpuIndex === gpuIndex && one.instance === instance,
  );
  return partition(migUuid(gpuIndex, instance), {
    kind: 'mig',
    gpuUuid: `GPU-51000000-0000-0000-0000-00000000000${gpuIndex}`,
    gpuIndex,
    migUuid: migUuid(gpuIndex, instance),
    profile: '1g.10gb',
    memoryTotalBytes: 10_000_000_000,
    memoryUsedBytes: 1_000_000_000,
    allocated: on.length > 0,
    workloads: on.map(({ id }) => id),
  });
});

const shareId = (share: number) => `GPU-51000000-0000-0000-0000-00000000000${share % GPUS}/${podUid(share)}/main`;

/** A state whose moving numbers are others in each cycle, with fractions as the driver gives them. */
function stateOf(cycle: number, topology: Pick<NodeState, 'workloads'>): NodeState {
  const gpus: Gpu[] = Array.from({ length: GPUS }, (_, index) => {
    const moving = readings(ALL_READINGS);
    READINGS.forEach(({ cadence }, id) => {
      if (cadence === 'cycle') moving.values[id] = (moving.values[id] as number) + cycle * 0.001;
    });
    const parts = pods === 0 ? {} : divided(index);
    return gpu(index, { name: 'NVIDIA H100 80GB HBM3', readings: moving, ...parts });
  });
  const partitions: Partition[] = Array.from({ length: shares }, (_, share) =>
    partition(shareId(share), {
      kind: 'share',
      gpuUuid: gpus[share % GPUS]?.uuid,
      gpuIndex: share % GPUS,
      memoryTotalBytes: 4_294_967_296,
      memoryUsedBytes: 1_000_000_000 + cycle * 4096 + share,
      smLimitRatio: 0.3,
      allocated: true,
      workloads: [`${podUid(share)}/main`],
      share: {
        podUid: podUid(share),
        container: 'main',
        layout: 'v1',
        reportedBytes: 900_000_000 + cycle * 4096,
        contextBytes: 100_000_000,
        moduleBytes: 20_000_000,
        bufferBytes: 700_000_000 + cycle * 4096,
        actualBytes: 1_000_000_000 + cycle * 4096,
        priority: 1,
        blocked: false,
        lastKernelUnixSeconds: 1_700_000_000 + cycle,
        processes: [],
      },
    }),
  );
  return node({ ...topology, gpus, partitions: [...partitions, ...instancesGiven], atMonotonicSeconds: 5000 + cycle });
}

const topology = {
  workloads: Array.from({ length: Math.max(shares, pods) }, (_, share) =>
    workload(`${podUid(share)}/main`, { kind: 'pod', namespace: 'ml', pod: `job-${share}`, container: 'main' }),
  ),
};
// A few states in turn: making them is the collector's work, not the scrape's.
const states = Array.from({ length: 8 }, (_, cycle) => stateOf(cycle, topology));

const addon = loadAddon();
addon.limitArenas(1);
const source = new Source(states[0] as NodeState);
const renderer = new MetricsRenderer(source, addon, { clock: nodeClock(addon, undefined) });
const scrape = Scrape.of(renderer);

let bytes = 0;
async function scrapes(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    source.state = states[turn % states.length] as NodeState;
    const body = await scrape.body(format as 'text' | 'openmetrics', compression === 'gzip');
    bytes = body.bytes.byteLength;
    body.done();
    // A server comes back to the event loop between scrapes; what is left there for later would pile up.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

await scrapes(WARM_UP_SCRAPES);
const before = process.cpuUsage();
const started = process.hrtime.bigint();
await scrapes(SCRAPES);
const cpu = process.cpuUsage(before);
const wall = Number(process.hrtime.bigint() - started);

const series = Buffer.from(await renderer.render(format))
  .toString('utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#')).length;
console.log(
  JSON.stringify({
    series,
    bytes,
    cpuMilliseconds: (cpu.user + cpu.system) / 1000 / SCRAPES,
    wallMilliseconds: wall / 1e6 / SCRAPES,
    rssMiB: process.memoryUsage.rss() / 2 ** 20,
    compilations: renderer.compilations,
  }),
);
process.exit(0);
