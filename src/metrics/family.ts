import type { NodeState } from '../model/node-state.js';
import type { Readings as ReadingsOf } from '../model/readings.js';
import type { ProcessSample } from './process-figures.js';

/** The two forms of an exposition: Prometheus text 0.0.4 and OpenMetrics 1.0.0. */
export type MetricsFormat = 'text' | 'openmetrics';

/** Readings of any table: here only places count. */
type Readings = Pick<ReadingsOf, 'values' | 'status'>;

/** What the catalogue may look at when a scrape asks for values. */
export interface Scene {
  readonly state: NodeState;
  /** Layout version of the addon's shared memory. */
  readonly abi: number;
  /** Node.js version without the `v`. */
  readonly nodeVersion: string;
  /** Seconds between the making of `state` and this scrape, on the injected monotonic clock. */
  readonly stateAgeSeconds: number;
  /** Lines of each enabled family in the exposition compiled last, by family name. */
  readonly seriesByFamily: ReadonlyMap<string, number>;
  /** The agent's own process; undefined where it is not watched. */
  readonly process?: ProcessSample | undefined;
  /** Lines left out since the agent started because another row had given the same labels, by family. */
  readonly dropped: ReadonlyMap<string, number>;
}

/** Label values by name; an undefined or empty value leaves the label out, which Prometheus takes for the same. */
export type Labels = Readonly<Record<string, string | number | undefined>>;

/** Gives the value for one row, in the unit of the family's name; undefined = no sample. */
export interface Value<Row> {
  (row: Row, scene: Scene): number | undefined;
  /** Where the value is found, when it is one reading: all readings of a row are then taken together. */
  readonly reading?: PlacedReading<Row>;
}

/** One reading of a row, or what is seen in it. */
export interface PlacedReading<Row> {
  /** The row's readings; undefined = none has a value. */
  readonly of: (row: Row) => Readings | undefined;
  /** Place in the readings' values. */
  readonly index: number;
  /** What is shown instead of the reading itself; undefined = no sample. */
  readonly view?: (reading: number) => number | undefined;
}

/** One line for each row of the subject. */
export interface Series<Row> {
  /** What is added to the family's name, for the parts of a histogram. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
  /** Labels beyond those of the subject. */
  readonly labels?: Labels;
  readonly value: Value<Row>;
}

/**
 * What a family speaks about: GPUs, partitions, calls … The rows of all its families are taken from the state once
 * per scrape. When their keys are not those that were compiled, the exposition is compiled anew.
 */
export interface Subject<Row> {
  /** Stable noun, shown in docs/metrics.md. */
  readonly name: string;
  /** Names of the labels that `labels` gives, in output order. */
  readonly labelNames: readonly string[];
  rows(scene: Scene): readonly Row[];
  /** Unique and stable. Asked for each row at each scrape: cheap, best a string that is there already. */
  key(row: Row): string;
  /** What rows are printed in the order of; the key where there is none. */
  order?(row: Row): string;
  labels(row: Row): Labels;
}

/** One family of the catalogue as its author writes it. */
export interface FamilyDescription<Row> {
  /** Full name as the text format prints it, with unit and `_total`. */
  readonly name: string;
  /** `info` is a gauge of value 1 in the text format. */
  readonly type: 'gauge' | 'counter' | 'info' | 'histogram';
  /** What it says, one sentence without the final stop. */
  readonly help: string;
  /** Where the value comes from: NVML call, field id, file, or `agent`. Printed behind the help text. */
  readonly origin: string;
  /** Names of the labels beyond the subject's, in output order. */
  readonly labelNames?: readonly string[];
  /** Left out unless enabled by name. */
  readonly optIn?: true;
  /** Lines of a family that is on which are left out unless it is enabled by name. */
  readonly details?: {
    /** Which lines they are, to follow "off by default: ". */
    readonly what: string;
    readonly series: readonly Series<Row>[];
  };
  /** Which hardware, driver or setting it takes, as far as one is known to lack it: architectures, branches. */
  readonly needs?: string;
  /** Integrated by us from 0 on: OpenMetrics gets its `_created` time, the agent's start unless a row has its own. */
  readonly integrated?: true | { readonly created: Value<Row> };
  /** Lines of a row; a function where their labels depend on the row. */
  readonly series: readonly Series<Row>[] | ((row: Row, scene: Scene) => readonly Series<Row>[]);
}

/** One family, bound to its subject. */
export interface Family<Row = unknown> extends FamilyDescription<Row> {
  readonly subject: Subject<Row>;
}

/**
 * Binds descriptions to their subject. The row type is forgotten here, so that families of all subjects fit in one
 * list; rows reach a family through its own subject alone.
 */
export function familiesOf<Row>(
  subject: Subject<Row>,
  descriptions: readonly FamilyDescription<Row>[],
): readonly Family[] {
  return descriptions.map((description) => ({ ...description, subject }) as unknown as Family);
}

/** The value of every info metric. */
export function one(): number {
  return 1;
}

/** 0/1 of a truth that may be unknown. */
export function flag(truth: boolean | undefined): number | undefined {
  return truth === undefined ? undefined : Number(truth);
}
