/**
 * One measurement of health.bench.mjs in a process of its own: CPU time of one judgement, all rules over a state as
 * large as promised, and what it finds.
 *
 *   node judge.mjs <xids per GPU>     prints one JSON object
 */
import { FaultLog } from '../../src/collect/fault-log.js';
import { Findings } from '../../src/health/findings.js';
import type { Judged } from '../../src/health/rule.js';
import { ALL_READINGS, gpu, node, partition, readings, workload } from '../../test/metrics/states.js';

const GPUS = 8;
const PARTITIONS = 64;
const WORKLOADS = 256;
const WARM_UP = 2000;
const JUDGEMENTS = 2000;

const xids = Number.parseInt(process.argv[2] ?? '0', 10);
const gpus = Array.from({ length: GPUS }, (_, index) => gpu(index, { readings: readings(ALL_READINGS) }));
const faults = new FaultLog();
for (const one of gpus) {
  for (let xid = 1; xid <= xids; xid++) {
    const identity = { uuid: one.uuid, index: one.index, pciBusId: undefined };
    faults.hear({ gpu: identity, xid, atUnixSeconds: 1_700_000_000, source: 'kmsg', text: 'Error', pid: xid });
  }
}
const state = (cycle: number): Judged => ({
  ...node({
    gpus,
    partitions: Array.from({ length: PARTITIONS }, (_, index) =>
      partition(`part-${index}`, { kind: 'share', gpuUuid: gpus[index % GPUS]?.uuid, gpuIndex: index % GPUS }),
    ),
    workloads: Array.from({ length: WORKLOADS }, (_, index) => workload(`workload-${index}`)),
    xidFaults: faults.xids,
    atMonotonicSeconds: 5000 + cycle,
    atUnixSeconds: 1_700_000_001 + (cycle % 60),
  }),
  callsInForce: [],
  samplerLimit: undefined,
  setAside: [],
  indexesInDoubt: [],
});
const states = Array.from({ length: 16 }, (_, cycle) => state(cycle));

const findings = new Findings();
let found = 0;
function judge(times: number): void {
  for (let turn = 0; turn < times; turn++) {
    found = findings.judge(states[turn % states.length] as Judged).findings.length;
  }
}
judge(WARM_UP);
const before = process.cpuUsage();
judge(JUDGEMENTS);
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ findings: found, cpuMilliseconds: (user + system) / 1000 / JUDGEMENTS }));
