import type { Gpu } from '../model/gpu.js';
import {
  CHIP_LINK_READINGS,
  FAN_SPEED_READINGS,
  GPU_READINGS,
  MIG_INSTANCE_READINGS,
  NVLINK_READINGS,
  PEER_GPU_READINGS,
  type Readings,
  type ReadingTable,
} from '../model/readings.js';
import type {
  C2cLinkReadingId,
  FanReadingId,
  LinkReadingId,
  MigReadingId,
  PeerReadingId,
  ReadingId,
} from '../native/readings.generated.js';
import type { FamilyDescription, Labels, PlacedReading, Series, Value } from './family.js';
import { originText } from './origin-text.js';
import type { C2cLinkRow, FanRow, LinkRow, MigRow, PeerRow } from './subjects.js';

/** A reading that a line is made of. */
export interface ReadingSource {
  readonly table: object;
  readonly id: string;
}

/** A number, or a bit of a mask, and what it stands for. */
export interface Word {
  readonly text: string;
  readonly number?: number;
  readonly bit?: number;
}

/** A line that is made of readings, and where those come from. */
export interface ReadingLine<Row> extends Series<Row> {
  /** As the table of readings has them. */
  readonly origins: readonly string[];
  /** The readings themselves, and of which tables. */
  readonly readings: readonly ReadingSource[];
  /** What the line says when its reading is this number, or has this bit. */
  readonly word?: Word;
}

/** The value of a line that is one reading; it needs no scene. */
export interface ReadingValue<Row> {
  (row: Row): number | undefined;
  readonly reading: PlacedReading<Row>;
}

/** What a family may say beyond what its lines say of themselves. */
type More<Row> = Partial<Omit<FamilyDescription<Row>, 'name' | 'type' | 'help' | 'series'>>;

/** A family whose origin and label names follow from its lines, unless they are given. */
export function familyOfLines<Row>(
  type: 'gauge' | 'counter',
  name: string,
  help: string,
  series: readonly ReadingLine<Row>[],
  more: More<Row> = {},
): FamilyDescription<Row> {
  const all: readonly Partial<ReadingLine<Row>>[] = [...series, ...(more.details?.series ?? [])];
  const labelNames = [...new Set(all.flatMap(({ labels = {} }) => Object.keys(labels)))];
  return {
    name,
    type,
    help,
    origin: originText(all.flatMap(({ origins = [] }) => origins)),
    ...(labelNames.length === 0 ? {} : { labelNames }),
    ...more,
    series,
  };
}

/** The lines themselves, or the reading that is the family's only line. */
type Lines<Row, Id extends string> = Id | readonly ReadingLine<Row>[];

/**
 * Families made of the readings of one kind of part: one row of the catalogue each. Origin and label names follow from
 * the readings unless they are given.
 */
export class ReadingFamilies<Row, Id extends string> {
  readonly #table: ReadingTable<Id>;
  readonly #readings: (row: Row) => Readings<Id> | undefined;

  /** `readings` gives none while the GPU does not answer: last values are never shown as live ones. */
  constructor(table: ReadingTable<Id>, readings: (row: Row) => Readings<Id> | undefined) {
    this.#table = table;
    this.#readings = readings;
  }

  /** A reading as it is, in base units. */
  value(id: Id): ReadingValue<Row> {
    const index = this.#table.index(id);
    const of = this.#readings;
    const value = (row: Row) => {
      const readings = of(row);
      return readings === undefined || readings.status[index] !== 0 ? undefined : readings.values[index];
    };
    return Object.assign(value, { reading: { of, index } });
  }

  /** One line that is a reading as it is. */
  line(id: Id, labels: Labels = {}): ReadingLine<Row> {
    return this.made([id], this.value(id), labels);
  }

  /** One line computed from readings. */
  made(from: readonly Id[], value: Value<Row>, labels: Labels = {}): ReadingLine<Row> {
    return {
      labels,
      value,
      origins: from.map((id) => (this.#table.rows[this.#table.index(id)] as Origin).origin),
      readings: from.map((id) => ({ table: this.#table, id })),
    };
  }

  /** One line that is a reading seen in a way of its own; undefined = the line is absent. */
  seen(id: Id, view: (reading: number) => number | undefined, labels: Labels = {}): ReadingLine<Row> {
    const read = this.value(id);
    const value = (row: Row) => {
      const reading = read(row);
      return reading === undefined ? undefined : view(reading);
    };
    return this.made([id], Object.assign(value, { reading: { ...read.reading, view } }), labels);
  }

  /** One line per label value, each of which has a reading of its own; `more` are labels that all have. */
  by(label: string, ids: Readonly<Record<string, Id>>, more: Labels = {}): readonly ReadingLine<Row>[] {
    return Object.entries(ids).map(([value, id]) => this.line(id as Id, { [label]: value, ...more }));
  }

  /** A state-set: 1 for the state whose number the reading is, 0 for the others; all 0 for a number we do not know. */
  states(id: Id, label: string, states: Readonly<Record<string, number>>): readonly ReadingLine<Row>[] {
    return Object.entries(states).map(([state, number]) => ({
      ...this.seen(id, (current) => Number(current === number), { [label]: state }),
      word: { text: state, number },
    }));
  }

  /** A state-set of a mask, one line per bit. */
  bits(id: Id, label: string, bits: Readonly<Record<string, number>>): readonly ReadingLine<Row>[] {
    return Object.entries(bits).map(([state, bit]) => ({
      ...this.seen(id, (mask) => bitsAt(mask, bit, 1), { [label]: state }),
      word: { text: state, bit },
    }));
  }

  gauge(name: string, help: string, lines: Lines<Row, Id>, more: More<Row> = {}): FamilyDescription<Row> {
    return familyOfLines('gauge', name, help, this.#lines(lines), more);
  }

  counter(name: string, help: string, lines: Lines<Row, Id>, more: More<Row> = {}): FamilyDescription<Row> {
    return familyOfLines('counter', name, help, this.#lines(lines), more);
  }

  #lines(lines: Lines<Row, Id>): readonly ReadingLine<Row>[] {
    return typeof lines === 'string' ? [this.line(lines)] : lines;
  }
}

interface Origin {
  readonly origin: string;
}

/** `width` bits of a mask from bit `shift` on. Masks are 64 bits wide, and `&` would cut them to 32. */
export function bitsAt(mask: number, shift: number, width: number): number {
  return Math.floor(mask / 2 ** shift) % 2 ** width;
}

/** What is read of a part while its GPU answers. */
function whileUp<Id extends string>(gpu: Gpu, readings: Readings<Id>): Readings<Id> | undefined {
  return gpu.condition === 'up' ? readings : undefined;
}

export const ofGpu = new ReadingFamilies<Gpu, ReadingId>(GPU_READINGS, (gpu) => whileUp(gpu, gpu.readings));

export const ofMig = new ReadingFamilies<MigRow, MigReadingId>(MIG_INSTANCE_READINGS, ({ gpu, instance }) =>
  whileUp(gpu, instance.readings),
);

export const ofLink = new ReadingFamilies<LinkRow, LinkReadingId>(NVLINK_READINGS, ({ gpu, link }) =>
  whileUp(gpu, link.readings),
);

export const ofC2cLink = new ReadingFamilies<C2cLinkRow, C2cLinkReadingId>(CHIP_LINK_READINGS, ({ gpu, link }) =>
  whileUp(gpu, link.readings),
);

export const ofFan = new ReadingFamilies<FanRow, FanReadingId>(FAN_SPEED_READINGS, ({ gpu, fan }) =>
  whileUp(gpu, fan.readings),
);

export const ofPeer = new ReadingFamilies<PeerRow, PeerReadingId>(PEER_GPU_READINGS, ({ gpu, peer }) =>
  whileUp(gpu, peer.readings),
);
