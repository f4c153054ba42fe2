import type { Addon, Exposition, ExpositionConstructor } from '../native/addon.js';
import type { Family, PlacedReading, Scene, Subject, Value } from './family.js';
import { headerText, openMetricsName } from './header.js';
import { labelBlock, labelPairs } from './label-text.js';
import { ReadingBlock } from './reading-block.js';

type FamilyDefinition = ConstructorParameters<ExpositionConstructor>[0]['families'][number];
type LineDefinition = FamilyDefinition['lines'][number];

/** The lines that one value function fills: line `i` is about row `rows[i]` and has its value in `slots[i]`. */
interface Column {
  readonly value: Value<unknown>;
  readonly rows: number[];
  readonly slots: number[];
}

/** What was compiled about one subject. */
interface Section {
  readonly subject: Subject<unknown>;
  /** Key of each row, in the order of the state. */
  readonly keys: readonly string[];
  readonly columns: readonly Column[];
  readonly blocks: readonly ReadingBlock[];
}

/** A catalogue compiled for one topology. */
export interface CompiledCatalogue {
  readonly exposition: Exposition;
  /** Names of the families in output order. */
  readonly familyNames: readonly string[];
  /** Behind the last place of each family: the places of one family follow each other. */
  readonly slotEnds: readonly number[];
  readonly sections: readonly Section[];
  /** One place per line; overwritten by each scrape. */
  readonly values: Float64Array;
  /** Lines by family, without those that only OpenMetrics has. */
  readonly seriesByFamily: ReadonlyMap<string, number>;
  /** Lines left out because another row had given the same labels, by family. */
  readonly duplicates: ReadonlyMap<string, number>;
}

/** Order of code units, the same on every machine and in every locale. */
function byRank(ranks: readonly string[]): (a: number, b: number) => number {
  return (a, b) => {
    const left = ranks[a] as string;
    const right = ranks[b] as string;
    return left < right ? -1 : Number(left > right);
  };
}

class SectionBuilder implements Section {
  readonly columns: Column[] = [];
  readonly blocks: ReadingBlock[] = [];
  readonly rows: readonly unknown[];
  readonly keys: readonly string[];
  /** Row numbers in output order. */
  readonly order: readonly number[];
  /** Label pairs of each row, without those of the families. */
  readonly pairs: readonly string[];
  readonly #byValue = new Map<Value<unknown>, Column>();

  constructor(
    readonly subject: Subject<unknown>,
    scene: Scene,
  ) {
    this.rows = subject.rows(scene);
    this.keys = this.rows.map((row) => subject.key(row));
    const { order } = subject;
    const ranks = order === undefined ? this.keys : this.rows.map((row) => order(row));
    this.order = ranks.map((_, row) => row).sort(byRank(ranks));
    this.pairs = this.rows.map((row) => labelPairs(subject.labelNames, subject.labels(row)));
  }

  add(value: Value<unknown>, row: number, slot: number): void {
    if (value.reading !== undefined) {
      this.#blockOf(value.reading).add(value.reading, row, slot);
      return;
    }
    let column = this.#byValue.get(value);
    if (column === undefined) {
      column = { value, rows: [], slots: [] };
      this.#byValue.set(value, column);
      this.columns.push(column);
    }
    column.rows.push(row);
    column.slots.push(slot);
  }

  #blockOf({ of }: PlacedReading<unknown>): ReadingBlock {
    const known = this.blocks.find((block) => block.of === of);
    if (known !== undefined) return known;
    const block = new ReadingBlock(of);
    this.blocks.push(block);
    return block;
  }
}

/** When a total was 0, where there is one: what we integrate begins with the agent, unless a row says otherwise. */
function createdTime({ integrated }: Family, total: Value<unknown>): Value<unknown> {
  const created: Value<unknown> =
    typeof integrated === 'object' ? integrated.created : (_, { state }) => state.agent.startedUnixSeconds;
  return (row, scene) => (total(row, scene) === undefined ? undefined : created(row, scene));
}

/**
 * Compiles families, sorted by name, for the topology of a scene: headers, line texts and value places. Two rows that
 * say the same labels would make the whole scrape invalid, so that the later one is left out.
 */
export function compileCatalogue(
  addon: Pick<Addon, 'Exposition'>,
  families: readonly Family[],
  scene: Scene,
): CompiledCatalogue {
  const seriesByFamily = new Map(families.map(({ name }) => [name, 0]));
  const whole = { ...scene, seriesByFamily };
  const sections = new Map<Subject<unknown>, SectionBuilder>();
  const definitions: FamilyDefinition[] = [];
  const slotEnds: number[] = [];
  let slots = 0;
  const duplicates = new Map<string, number>();

  for (const family of families) {
    let section = sections.get(family.subject);
    if (section === undefined) {
      section = new SectionBuilder(family.subject, whole);
      sections.set(family.subject, section);
    }
    const names = family.labelNames ?? [];
    const lines: LineDefinition[] = [];
    const seen = new Set<string>();
    const created = new Map<Value<unknown>, Value<unknown>>();
    for (const index of section.order) {
      const series = typeof family.series === 'function' ? family.series(section.rows[index], whole) : family.series;
      for (const { suffix = '', labels = {}, value } of series) {
        const labelled = labelBlock(section.pairs[index] as string, labelPairs(names, labels));
        const prefix = `${family.name}${suffix}${labelled} `;
        if (seen.has(prefix)) {
          duplicates.set(family.name, (duplicates.get(family.name) ?? 0) + 1);
          continue;
        }
        seen.add(prefix);
        section.add(value, index, slots);
        lines.push({ text: prefix, openMetrics: prefix, slot: slots++ });
        if (family.integrated !== undefined) {
          const time = created.get(value) ?? createdTime(family, value);
          created.set(value, time);
          section.add(time, index, slots);
          lines.push({ text: '', openMetrics: `${openMetricsName(family)}_created${labelled} `, slot: slots++ });
        }
      }
    }
    seriesByFamily.set(family.name, seen.size);
    slotEnds.push(slots);
    const heading = { ...family, help: `${family.help} (${family.origin})` };
    definitions.push({
      headerText: headerText(heading, 'text'),
      headerOpenMetrics: headerText(heading, 'openmetrics'),
      lines,
    });
  }
  return {
    exposition: new addon.Exposition({ families: definitions }),
    familyNames: families.map(({ name }) => name),
    slotEnds,
    sections: [...sections.values()].map(({ subject, keys, columns, blocks }) => ({ subject, keys, columns, blocks })),
    values: new Float64Array(slots),
    seriesByFamily,
    duplicates,
  };
}

/**
 * Fills the values of a scrape. False when the rows are not those that were compiled; the values are then worthless
 * and the catalogue has to be compiled anew.
 */
export function fillValues({ sections, values }: CompiledCatalogue, scene: Scene): boolean {
  for (const { subject, keys, columns, blocks } of sections) {
    const rows = subject.rows(scene);
    if (rows.length !== keys.length) return false;
    for (let row = 0; row < keys.length; row++) {
      if (subject.key(rows[row]) !== keys[row]) return false;
    }
    for (const block of blocks) block.fill(rows, values);
    for (const { value, rows: places, slots } of columns) {
      for (let line = 0; line < slots.length; line++) {
        values[slots[line] as number] = value(rows[places[line] as number], scene) ?? Number.NaN;
      }
    }
  }
  return true;
}

/**
 * Takes the values of families away that are not wanted: a line without a value is not printed, nor the header of a
 * family without lines. So every filter is served by the one exposition that is compiled.
 */
export function leaveOut(
  { familyNames, slotEnds, values }: CompiledCatalogue,
  isWanted: (name: string) => boolean,
): void {
  for (const [index, name] of familyNames.entries()) {
    if (!isWanted(name)) values.fill(Number.NaN, slotEnds[index - 1] ?? 0, slotEnds[index]);
  }
}
