/** What is replaced when something is anonymised. */
export type PseudonymKind = 'uuid' | 'serial' | 'host name' | 'name' | 'pid' | 'container' | 'identifier';

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
/** All zeros mean "none" and name nobody. */
const NOBODY = /^[0-]*$/;
/** Shorter texts could stand anywhere by accident: they are only replaced as whole words. */
const SHORTEST_ANYWHERE = 6;
const FIRST_PID = 100_001;

/**
 * Stands for names: the same original always gets the same pseudonym, of the same length where it can lie in memory, so
 * that what belonged together still does. UUIDs, serial numbers and identifiers are found wherever they stand, also in
 * bytes; host names and other names as whole words; process ids only where somebody says that a number is one.
 */
export class Pseudonyms {
  readonly #texts = new Map<string, { readonly kind: PseudonymKind; readonly pseudonym: string }>();
  readonly #bytes = new Map<string, Buffer>();
  readonly #pids = new Map<number, number>();
  #pattern: RegExp | undefined;

  /** Originals by kind. */
  counts(): Partial<Record<PseudonymKind, number>> {
    const counts: Partial<Record<PseudonymKind, number>> = {};
    const add = (kind: PseudonymKind, count: number) => {
      if (count > 0) counts[kind] = (counts[kind] ?? 0) + count;
    };
    for (const { kind } of this.#texts.values()) add(kind, 1);
    add('identifier', this.#bytes.size);
    add('pid', this.#pids.size);
    return counts;
  }

  /** Learns every UUID in a text. */
  learnUuids(text: string): void {
    for (const [uuid] of text.matchAll(UUID)) this.learn('uuid', uuid.toLowerCase());
  }

  /** Learns a name. Empty ones, and those of nothing but zeros, name nobody. */
  learn(kind: Exclude<PseudonymKind, 'pid'>, original: string): void {
    if (NOBODY.test(original) || this.#texts.has(original)) return;
    const number = [...this.#texts.values()].filter((one) => one.kind === kind).length + 1;
    this.#texts.set(original, { kind, pseudonym: pseudonymOf(kind, original, number) });
    this.#pattern = undefined;
    // The same identity as it lies in memory.
    if (kind === 'uuid') this.learnBytes(Buffer.from(original.replaceAll('-', ''), 'hex'));
  }

  /** Learns an identity of bytes, such as a UUID in memory. */
  learnBytes(original: Buffer): void {
    const text = original.toString('hex');
    if (/^0*$/.test(text) || this.#bytes.has(text)) return;
    const pseudonym = Buffer.alloc(original.length);
    pseudonym[0] = 0xa0;
    pseudonym.writeUInt32BE(this.#bytes.size + 1, pseudonym.length - 4);
    this.#bytes.set(text, pseudonym);
  }

  pid(original: number): number {
    const known = this.#pids.get(original);
    if (known !== undefined) return known;
    const pseudonym = FIRST_PID + this.#pids.size;
    this.#pids.set(original, pseudonym);
    return pseudonym;
  }

  /** The text with every original replaced. */
  inText(text: string): string {
    if (this.#texts.size === 0) return text;
    this.#pattern ??= patternOf([...this.#texts.keys()]);
    return text.replace(this.#pattern, (found) => this.#pseudonym(found));
  }

  /** The bytes with every original replaced that has a pseudonym of its length. */
  inBytes(bytes: Buffer): Buffer {
    let result = bytes;
    for (const [original, pseudonym] of this.#bytes) {
      result = replaced(result, Buffer.from(original, 'hex'), pseudonym);
    }
    for (const [original, { pseudonym }] of this.#texts) {
      if (original.length < SHORTEST_ANYWHERE || original.length !== pseudonym.length) continue;
      for (const spelled of new Set([original, original.toUpperCase()])) {
        result = replaced(result, Buffer.from(spelled, 'latin1'), Buffer.from(pseudonym, 'latin1'));
      }
    }
    return result;
  }

  /** Originals that stand in a text all the same, as text or as hexadecimal digits of their bytes. */
  leftIn(text: string): string[] {
    this.#pattern ??= patternOf([...this.#texts.keys()]);
    const left = new Set(this.#texts.size === 0 ? [] : [...text.matchAll(this.#pattern)].map(([found]) => found));
    const lower = text.toLowerCase();
    for (const original of this.#bytes.keys()) if (lower.includes(original)) left.add(original);
    for (const original of this.#texts.keys()) {
      const digits = Buffer.from(original, 'latin1').toString('hex');
      if (original.length >= SHORTEST_ANYWHERE && lower.includes(digits)) left.add(original);
    }
    return [...left];
  }

  #pseudonym(found: string): string {
    return (this.#texts.get(found) ?? this.#texts.get(found.toLowerCase()))?.pseudonym ?? found;
  }
}

function pseudonymOf(kind: PseudonymKind, original: string, number: number): string {
  switch (kind) {
    case 'uuid':
      return `a0000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
    case 'serial':
    case 'identifier':
      return String(number).padStart(original.length, '0').slice(-original.length);
    default:
      return `${kind.replace(' ', '-')}-${number}`;
  }
}

/** Longest first, so that a name is not taken for the one it begins with. UUIDs in either case. */
function patternOf(originals: readonly string[]): RegExp {
  const parts = [...originals]
    .sort((a, b) => b.length - a.length)
    .map((original) => {
      const escaped = original.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      if (original.match(UUID)?.[0] === original) return escaped.replace(/[a-f]/g, (c) => `[${c}${c.toUpperCase()}]`);
      const edge = /^[\w-]+$/.test(original) && !/^\d{6,}$/.test(original);
      return edge ? `(?<![\\w-])${escaped}(?![\\w-])` : escaped;
    });
  return new RegExp(parts.join('|'), 'g');
}

function replaced(bytes: Buffer, original: Buffer, pseudonym: Buffer): Buffer {
  let at = bytes.indexOf(original);
  if (at < 0) return bytes;
  const copy = Buffer.from(bytes);
  for (; at >= 0; at = copy.indexOf(original, at + 1)) pseudonym.copy(copy, at);
  return copy;
}
