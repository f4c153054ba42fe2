import type { Finding } from '../model/finding.js';
import type { Limit, Rule, Timing } from './rule.js';

/** What the configuration changes of the rules. */
export interface Tuning {
  /** The setting that mutes a finding; undefined when none does. */
  mutedBy(finding: Pick<Finding, 'code' | 'subject'> & { readonly rule: string }): string | undefined;
  timing(rule: Rule): Timing;
  limits(rule: Rule): Readonly<Record<string, number>>;
}

/** Names under which the timing of every rule is tuned, beside its own limits. */
export const TIMING_LIMITS = {
  raise_after: (initial: number): Limit => ({
    initial,
    unit: 'seconds',
    minimum: 0,
    maximum: 86_400,
    says: 'how long it must hold before it is said',
  }),
  clear_after: (initial: number): Limit => ({
    initial,
    unit: 'seconds',
    minimum: 0,
    maximum: 86_400,
    says: 'how long it must be gone before the finding ends',
  }),
} as const;

/** All that can be tuned of a rule, by name. */
export function tunable(rule: Rule): Readonly<Record<string, Limit>> {
  return {
    ...rule.limits,
    raise_after: TIMING_LIMITS.raise_after(rule.timing.raiseAfterSeconds),
    clear_after: TIMING_LIMITS.clear_after(rule.timing.clearAfterSeconds),
  };
}

/** A text of the configuration that says nothing a rule knows. */
export interface TuningProblem {
  readonly setting: 'mute' | 'tune';
  readonly text: string;
  /** What was expected, where and what to write instead. */
  readonly message: string;
}

/** What is configured, and every text of it that is wrong. */
export interface ParsedTuning {
  readonly tuning: Tuning;
  readonly problems: readonly TuningProblem[];
}

/**
 * Reads `mute` texts, `<code>` or `<code>@<subject id>` with `*` for every code, and `tune` texts,
 * `<code>.<limit>=<number>`.
 */
export function parseTuning(
  rules: readonly Rule[],
  { mute, tune }: { readonly mute: readonly string[]; readonly tune: readonly string[] },
): ParsedTuning {
  const byCode = new Map(rules.map((rule) => [rule.code, rule]));
  const problems: TuningProblem[] = [];
  const muted = new Map<string, string>();
  for (const text of mute) {
    const at = text.indexOf('@');
    const code = at < 0 ? text : text.slice(0, at);
    const subject = at < 0 ? '*' : text.slice(at + 1);
    const message = muteProblem(code, subject, byCode);
    if (message === undefined) muted.set(`${code} ${subject}`, `health.mute: ${text}`);
    else problems.push({ setting: 'mute', text, message });
  }
  const changed = new Map<string, number>();
  for (const text of tune) {
    const [, code = '', name = '', number = ''] = /^([^.=]*)\.([^=]*)=(.*)$/.exec(text) ?? [];
    const message = tuneProblem(code, name, number, byCode);
    if (message === undefined) changed.set(`${code}.${name}`, Number(number));
    else problems.push({ setting: 'tune', text, message });
  }
  return { tuning: tuningOf(muted, changed), problems };
}

/** The rules as they are written. */
export const UNTUNED: Tuning = tuningOf(new Map(), new Map());

function tuningOf(muted: ReadonlyMap<string, string>, changed: ReadonlyMap<string, number>): Tuning {
  const value = ({ code }: Rule, name: string, initial: number) => changed.get(`${code}.${name}`) ?? initial;
  return {
    mutedBy({ code, rule, subject: { id } }) {
      if (muted.size === 0) return undefined;
      const keys = [`${code} *`, `${code} ${id}`, `${rule} *`, `${rule} ${id}`, `* ${id}`];
      return keys.map((key) => muted.get(key)).find((by) => by !== undefined);
    },
    timing: (rule) => ({
      raiseAfterSeconds: value(rule, 'raise_after', rule.timing.raiseAfterSeconds),
      clearAfterSeconds: value(rule, 'clear_after', rule.timing.clearAfterSeconds),
    }),
    limits: (rule) =>
      Object.fromEntries(Object.entries(rule.limits).map(([name, { initial }]) => [name, value(rule, name, initial)])),
  };
}

function muteProblem(code: string, subject: string, rules: ReadonlyMap<string, Rule>): string | undefined {
  if (subject === '')
    return 'expected the id of a subject behind the @; docs/findings.md says what findings are about.';
  if (code === '*') {
    return subject === '*' ? 'expected a code, or a subject behind the @: everything cannot be muted.' : undefined;
  }
  return isCode(code, rules) ? undefined : unknownCode(code);
}

/** Some rules find many things: their codes end in a number, as `xid_79` does. */
function isCode(code: string, rules: ReadonlyMap<string, Rule>): boolean {
  return rules.has(code) || rules.get(code.replace(/_\d+$/, ''))?.numbered === true;
}

function tuneProblem(code: string, name: string, number: string, rules: ReadonlyMap<string, Rule>): string | undefined {
  if (code === '' || name === '') return 'expected <code>.<limit>=<number>, such as gpu_memory_high.share=0.9.';
  const rule = rules.get(code);
  if (rule === undefined) return unknownCode(code);
  const limits = tunable(rule);
  const limit = Object.hasOwn(limits, name) ? limits[name] : undefined;
  if (limit === undefined) return `${code} has no limit "${name}". It has ${Object.keys(limits).join(', ')}.`;
  const value = Number(number);
  const isNumber = number.trim() !== '' && Number.isFinite(value);
  if (isNumber && value >= limit.minimum && value <= limit.maximum) return undefined;
  return `expected a number of ${limit.unit} from ${limit.minimum} to ${limit.maximum}, got "${number}".`;
}

function unknownCode(code: string): string {
  return `no finding has the code "${code}". docs/findings.md lists them.`;
}
