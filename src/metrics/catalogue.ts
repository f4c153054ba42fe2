import { activity } from './catalogue/activity.js';
import { agent } from './catalogue/agent.js';
import { c2c } from './catalogue/c2c.js';
import { clocks } from './catalogue/clocks.js';
import { confidential } from './catalogue/confidential.js';
import { ecc } from './catalogue/ecc.js';
import { events } from './catalogue/events.js';
import { fabric } from './catalogue/fabric.js';
import { hami } from './catalogue/hami.js';
import { health } from './catalogue/health.js';
import { identity } from './catalogue/identity.js';
import { memory } from './catalogue/memory.js';
import { mig } from './catalogue/mig.js';
import { nvlink } from './catalogue/nvlink.js';
import { partitions } from './catalogue/partitions.js';
import { pcie } from './catalogue/pcie.js';
import { power } from './catalogue/power.js';
import { processes } from './catalogue/processes.js';
import { sampling } from './catalogue/sampling.js';
import { shares } from './catalogue/shares.js';
import { temperature } from './catalogue/temperature.js';
import { topology } from './catalogue/topology.js';
import { utilization } from './catalogue/utilization.js';
import { workloadUse } from './catalogue/workload-use.js';
import { workloads } from './catalogue/workloads.js';
import type { Family } from './family.js';

/** One chapter of docs/metrics.md. */
export interface Chapter {
  readonly title: string;
  readonly families: readonly Family[];
}

/** All families made from the node state, by subject. A new file of families needs one line here. */
export const CATALOGUE: readonly Chapter[] = [
  { title: 'Node and identity', families: identity },
  { title: 'Memory', families: memory },
  { title: 'Utilisation', families: utilization },
  { title: 'Activity (GPM)', families: activity },
  { title: 'Clocks and performance state', families: clocks },
  { title: 'Power and energy', families: power },
  { title: 'Temperature and fans', families: temperature },
  { title: 'PCIe link', families: pcie },
  { title: 'ECC, retirement, row remapping, repair', families: ecc },
  { title: 'NVLink', families: nvlink },
  { title: 'Chip-to-chip links', families: c2c },
  { title: 'NVLink fabric', families: fabric },
  { title: 'Topology', families: topology },
  { title: 'XID and other driver events', families: events },
  { title: 'Health', families: health },
  { title: 'MIG', families: mig },
  { title: 'Partitions', families: partitions },
  { title: 'HAMi shares', families: shares },
  { title: 'Workloads', families: workloads },
  { title: 'Use of workloads over time', families: workloadUse },
  { title: 'Processes', families: processes },
  { title: 'Confidential computing', families: confidential },
  { title: 'Agent', families: agent },
  { title: 'Agent: sampling', families: sampling },
  { title: 'Agent: HAMi sweep', families: hami },
];

/** All families, sorted by name. */
export const FAMILIES: readonly Family[] = CATALOGUE.flatMap(({ families }) => families).sort((a, b) =>
  a.name < b.name ? -1 : 1,
);
