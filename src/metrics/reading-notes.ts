import {
  CHIP_LINK_READINGS,
  FAN_SPEED_READINGS,
  GPU_READINGS,
  MIG_INSTANCE_READINGS,
  NVLINK_READINGS,
  PEER_GPU_READINGS,
} from '../model/readings.js';
import { SUMMARIES as FABRIC_SUMMARIES } from './catalogue/fabric.js';
import { ARCHITECTURES, BRANDS, pciId, VIRTUALIZATION } from './catalogue/identity.js';
import { NVLINK_REMOTE_TYPES, NVLINK_VERSIONS } from './catalogue/nvlink.js';
import { P2P_STATUSES, TOPOLOGY_LEVELS } from './catalogue/topology.js';
import { CATALOGUE } from './catalogue.js';
import type { Labels } from './family.js';
import { labelBlock, labelPairs } from './label-text.js';
import { bitsAt, type ReadingLine, type Word } from './reading.js';

/** What the metrics say of a reading. */
export interface ReadingNote {
  /** Name of the family that shows it, with the labels it has there beyond those of its GPU or part. */
  readonly metric?: string;
  /** Help text of the family. */
  readonly meaning: string;
  /** Boards, drivers and settings that have it, where not all do. */
  readonly needs?: string;
  /** Chapter of docs/metrics.md it belongs to. */
  readonly chapter: string;
  /** What a number of it stands for; undefined for a number without a name. Missing where numbers are amounts. */
  readonly wordsOf?: (value: number) => string | undefined;
}

const TABLES = {
  gpu: GPU_READINGS,
  mig: MIG_INSTANCE_READINGS,
  nvlink: NVLINK_READINGS,
  c2c: CHIP_LINK_READINGS,
  fan: FAN_SPEED_READINGS,
  peer: PEER_GPU_READINGS,
} as const;

const inTable = (names: Readonly<Record<number, string>>) => (value: number) => names[value];

/** Readings that are labels of an info family, or that no family shows. */
const AS_LABELS: Readonly<Record<keyof typeof TABLES, Readonly<Record<string, Omit<ReadingNote, 'chapter'>>>>> = {
  gpu: {
    minor_number: { metric: 'gpu_info{minor}', meaning: 'Number of its device node, /dev/nvidia<number>' },
    brand: { metric: 'gpu_info{brand}', meaning: 'Line of products', wordsOf: inTable(BRANDS) },
    architecture: { metric: 'gpu_info{architecture}', meaning: 'Architecture', wordsOf: inTable(ARCHITECTURES) },
    compute_capability_major: {
      metric: 'gpu_info{compute_capability}',
      meaning: 'CUDA compute capability, before the dot',
    },
    compute_capability_minor: {
      metric: 'gpu_info{compute_capability}',
      meaning: 'CUDA compute capability, behind the dot',
    },
    cuda_cores: { meaning: 'CUDA cores of the GPU' },
    module_id: { metric: 'gpu_info{module_id}', meaning: 'Number of the module on its board' },
    numa_node: { metric: 'gpu_info{numa_node}', meaning: "NUMA node of the GPU's own memory, where it has one" },
    pci_device_id: { metric: 'gpu_info{pci_device_id}', meaning: 'PCI vendor and device', wordsOf: pciId },
    pci_subsystem_id: {
      metric: 'gpu_info{pci_subsystem_id}',
      meaning: 'PCI vendor and model of the board',
      wordsOf: pciId,
    },
    virtualization_mode: {
      metric: 'gpu_info{virtualization}',
      meaning: 'How the GPU takes part in virtualisation',
      wordsOf: inTable(VIRTUALIZATION),
    },
    supported_event_types: { meaning: 'Mask of the events that the driver announces of it (nvmlEventType…)' },
    platform_slot: { metric: 'gpu_platform_info{slot}', meaning: 'Slot in the rack' },
    platform_tray: { metric: 'gpu_platform_info{tray}', meaning: 'Tray in the rack' },
    platform_host_id: { metric: 'gpu_platform_info{host_id}', meaning: 'Number of the host in its tray' },
    platform_module_id: { metric: 'gpu_platform_info{module_id}', meaning: 'Number of the module in its host' },
    mig_devices: { meaning: 'MIG instances the driver lists; when missing, why they cannot be seen' },
    mig_devices_max: { meaning: 'MIG instances it can have at most; only asked of a GPU in MIG mode' },
    process_utilization_samples: { meaning: "Processes of which the driver's newest samples tell something" },
    fabric_clique_id: {
      metric: 'gpu_fabric_info{clique_id}',
      meaning: 'Clique of the fabric: GPUs with the same can reach each other',
    },
  },
  mig: {
    placement_start: { metric: 'gpu_mig_info{placement_start}', meaning: 'First memory slice of its GPU instance' },
    placement_size: { metric: 'gpu_mig_info{placement_size}', meaning: 'Memory slices of its GPU instance' },
  },
  nvlink: {
    version: { metric: 'gpu_nvlink_info{version}', meaning: 'Version of NVLink', wordsOf: inTable(NVLINK_VERSIONS) },
    remote_type: {
      metric: 'gpu_nvlink_info{remote_type}',
      meaning: 'What is at the other end',
      wordsOf: inTable(NVLINK_REMOTE_TYPES),
    },
    remote_link: { metric: 'gpu_nvlink_info{remote_link}', meaning: 'Number of the link at the other end' },
  },
  c2c: {},
  fan: {},
  peer: {
    topology_level: {
      metric: 'gpu_topology_info{level}',
      meaning: 'How near the other GPU is',
      wordsOf: inTable(TOPOLOGY_LEVELS),
    },
  },
};

/** What numbers stand for whose families say it in another way (nvml.md §6). */
const NAMES: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  'nvlink state': { 0: 'inactive', 1: 'active', 2: 'asleep' },
  'gpu fabric_health_summary': Object.fromEntries(
    Object.entries(FABRIC_SUMMARIES).map(([summary, number]) => [number, summary]),
  ),
  ...Object.fromEntries(
    ['read', 'write', 'nvlink', 'atomics', 'pci'].map((name) => [`peer p2p_${name}_status`, P2P_STATUSES]),
  ),
};

/** Where readings stand that no family shows as they are. */
const IDENTITY = 'Node and identity';
const CHAPTERS: Readonly<Record<string, string>> = {
  fabric_clique_id: 'NVLink fabric',
  topology_level: 'Topology',
  mig_devices: 'MIG',
  mig_devices_max: 'MIG',
  process_utilization_samples: 'Processes',
};

let made: ReadonlyMap<object, ReadonlyMap<string, ReadingNote>> | undefined;

/** What the metrics say of a reading; undefined for one of which they say nothing. */
export function readingNotes(owner: keyof typeof TABLES, id: string): ReadingNote | undefined {
  made ??= notesByTable();
  const known = made.get(TABLES[owner])?.get(id);
  const label = AS_LABELS[owner][id];
  const names = NAMES[`${owner} ${id}`];
  if (known !== undefined) return names === undefined ? known : { ...known, wordsOf: inTable(names) };
  if (label === undefined) return undefined;
  const needs = needsOf(label.metric?.replace(/\{.*/, ''));
  return { ...label, ...(needs === undefined ? {} : { needs }), chapter: CHAPTERS[id] ?? IDENTITY };
}

function needsOf(family: string | undefined): string | undefined {
  return CATALOGUE.flatMap(({ families }) => families).find(({ name }) => name === family)?.needs;
}

interface ShownLine {
  readonly name: string;
  readonly help: string;
  readonly needs: string | undefined;
  readonly chapter: string;
  readonly line: ReadingLine<unknown>;
}

/** A reading may stand in several families: one that shows it as it is comes before one that computes with it. */
function notesByTable(): ReadonlyMap<object, ReadonlyMap<string, ReadingNote>> {
  const lines = CATALOGUE.flatMap(({ title, families }) =>
    families.map((family) => ({ ...family, chapter: title })),
  ).flatMap(({ name, help, needs, chapter, series, details }) =>
    [...(typeof series === 'function' ? [] : series), ...(details?.series ?? [])].flatMap((line): ShownLine[] =>
      'readings' in line ? [{ name, help, needs, chapter, line: line as ReadingLine<unknown> }] : [],
    ),
  );
  const byTable = new Map<object, Map<string, ShownLine[]>>();
  for (const shown of lines) {
    for (const { table, id } of shown.line.readings) {
      const byId = byTable.get(table) ?? new Map<string, ShownLine[]>();
      byTable.set(table, byId);
      byId.set(id, [...(byId.get(id) ?? []), shown]);
    }
  }
  return new Map(
    [...byTable].map(([table, byId]) => [table, new Map([...byId].map(([id, all]) => [id, noteOf(all)] as const))]),
  );
}

function noteOf(all: readonly ShownLine[]): ReadingNote {
  const [first] = [...all].sort((a, b) => a.line.readings.length - b.line.readings.length) as [ShownLine];
  // Several lines of one family show one reading in several ways: their labels say nothing of it.
  const same = all.filter(({ name }) => name === first.name);
  const { labels = {} } = first.line;
  const words = same.flatMap(({ line }) => line.word ?? []);
  return {
    metric: first.name + (same.length > 1 ? '' : labelText(labels)),
    meaning: first.help,
    ...(first.needs === undefined ? {} : { needs: first.needs }),
    chapter: first.chapter,
    ...(words.length === 0 ? {} : { wordsOf: (value: number) => wordsText(words, value) }),
  };
}

function wordsText(words: readonly Word[], value: number): string | undefined {
  const fitting = words.filter(({ number, bit }) =>
    bit === undefined ? number === value : bitsAt(value, bit, 1) === 1,
  );
  return fitting.length === 0 ? undefined : fitting.map(({ text }) => text).join(', ');
}

function labelText(labels: Labels): string {
  return labelBlock(labelPairs(Object.keys(labels), labels));
}
