import { versions } from 'node:process';
import type { MetricsFilter } from '../model/metrics-filter.js';
import type { NodeStateSource } from '../model/node-state.js';
import type { Addon, ExpositionInsert } from '../native/addon.js';
import type { Clock } from '../native/clock.js';
import { isEmpty, isWanted } from './collectors.js';
import { type CompiledCatalogue, compileCatalogue, fillValues, leaveOut } from './compile.js';
import type { Family, MetricsFormat, Scene } from './family.js';
import { PROCESS_FAMILIES } from './process-families.js';
import { ProcessFigures } from './process-figures.js';
import { notRendered, type Selection, selectFamilies } from './selection.js';
import { SelfMetrics } from './self.js';
import type { RenderedFamily } from './self-text.js';

/** What is rendered besides the default families. */
export interface RendererOptions extends Selection {
  /** Whether `process_*`, `nodejs_*` and the HTTP side's metrics are rendered; true unless told otherwise. */
  readonly exporterMetrics?: boolean;
  /** The injected clock: tells how old the newest state is. */
  readonly clock: Pick<Clock, 'monotonicSeconds'>;
}

/** Scrapes that are being sent at the same time, as by a pair of Prometheus servers, for which memory is kept. */
const MOST_SPARE = 2;

/** The parts of the addon that rendering needs. */
export type RenderingAddon = Pick<Addon, 'abi' | 'Exposition'>;

/** How many of the sorted names come before a name. */
function positionOf(name: string, sorted: readonly string[]): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as string) < name) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Writes the newest node state as an exposition. The catalogue is compiled when the topology changes; a scrape fills
 * numbers and calls the native writer once.
 */
export class MetricsRenderer {
  /** Where the HTTP side reports its requests; undefined when exporter metrics are off. */
  readonly self: SelfMetrics | undefined;
  readonly #process: ProcessFigures | undefined;
  readonly #source: NodeStateSource;
  readonly #addon: RenderingAddon;
  readonly #families: readonly Family[];
  readonly #names: ReadonlySet<string>;
  readonly #clock: Pick<Clock, 'monotonicSeconds'>;
  #compiled: CompiledCatalogue | undefined;
  #topologyVersion: number | undefined;
  #compilations = 0;
  /** Lines left out, by family, over all compilations. */
  readonly #dropped = new Map<string, number>();
  /** What `render` gave and nobody gave back. */
  readonly #lent = new WeakSet<Uint8Array>();
  /** Memory to write over. New memory for two megabytes at each scrape costs more than writing them. */
  readonly #spare: ArrayBuffer[] = [];

  /** Throws when an option names a family that does not exist. */
  constructor(source: NodeStateSource, addon: RenderingAddon, options: RendererOptions) {
    this.#source = source;
    this.#addon = addon;
    const exporterMetrics = options.exporterMetrics !== false;
    const own = exporterMetrics ? PROCESS_FAMILIES : [];
    this.#families = [...selectFamilies(options), ...own].sort((a, b) => (a.name < b.name ? -1 : 1));
    this.#names = new Set(this.#families.map(({ name }) => name));
    this.#clock = options.clock;
    this.self = exporterMetrics ? new SelfMetrics() : undefined;
    this.#process = exporterMetrics ? new ProcessFigures() : undefined;
  }

  /** How often the catalogue was compiled so far. */
  get compilations(): number {
    return this.#compilations;
  }

  /** Why no family of this name is rendered; undefined for one that is, when it has samples. */
  whyNot(name: string): string | undefined {
    if (this.#names.has(name) || this.self?.names.includes(name) === true) return undefined;
    return notRendered(name, [...this.#names, ...(this.self?.names ?? [])]);
  }

  /**
   * The exposition of the newest state, of all families or of those that a filter lets through. The bytes are the
   * caller's until they are given to `release`.
   */
  async render(format: MetricsFormat, filter: MetricsFilter = {}): Promise<Uint8Array> {
    const own = (await this.self?.families(format))?.filter(({ name }) => isWanted(name, filter));
    // From here on nothing waits: what is rendered is one state.
    const compiled = this.#filled();
    // Nearly every scrape wants everything.
    if (!isEmpty(filter)) leaveOut(compiled, (name) => isWanted(name, filter));
    const inserts = this.#inserts(own ?? [], compiled);
    const bytes = compiled.exposition.render(compiled.values, format, inserts, this.#spare.pop());
    this.#lent.add(bytes);
    return bytes;
  }

  /** Takes back what `render` gave, so that the next can be written over it. Bytes never given back are just garbage. */
  release(bytes: Uint8Array): void {
    if (this.#lent.delete(bytes) && this.#spare.length < MOST_SPARE) this.#spare.push(bytes.buffer as ArrayBuffer);
  }

  /** Stops watching the process this runs in. A scrape that is under way still gets an answer. */
  close(): void {
    this.self?.close();
    this.#process?.close();
  }

  #filled(): CompiledCatalogue {
    const state = this.#source.current();
    const now = this.#clock.monotonicSeconds();
    const process = this.#process?.read();
    const scene = (compiled: CompiledCatalogue | undefined): Scene => ({
      state,
      abi: this.#addon.abi,
      nodeVersion: versions.node,
      process,
      stateAgeSeconds: Math.max(0, now - state.atMonotonicSeconds),
      seriesByFamily: compiled?.seriesByFamily ?? new Map(),
      dropped: this.#dropped,
    });
    const known = this.#topologyVersion === state.topologyVersion ? this.#compiled : undefined;
    if (known !== undefined && fillValues(known, scene(known))) return known;

    const fresh = compileCatalogue(this.#addon, this.#families, scene(undefined));
    this.#compiled = fresh;
    this.#topologyVersion = state.topologyVersion;
    this.#compilations++;
    for (const [family, lines] of fresh.duplicates) {
      this.#dropped.set(family, (this.#dropped.get(family) ?? 0) + lines);
    }
    if (!fillValues(fresh, scene(fresh)))
      throw new Error('the rows of the catalogue depend on when they are asked for');
    return fresh;
  }

  #inserts(own: readonly RenderedFamily[], { familyNames }: CompiledCatalogue): readonly ExpositionInsert[] {
    return own.map(({ name, text }) => ({ before: positionOf(name, familyNames), text }));
  }
}
