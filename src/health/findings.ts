import { type Finding, type FindingSubject, findingKey, severityRank } from '../model/finding.js';
import type { NodeHealth } from '../model/node-health.js';
import { RULES } from './catalogue.js';
import { FindingCounts } from './finding-counts.js';
import { isFlapping, type Life, lived } from './life.js';
import type { Moment } from './moment.js';
import { Past } from './past.js';
import type { Context, Judged, Observation, Rule } from './rule.js';
import { type Tuning, UNTUNED } from './tuning.js';
import { verdictsOf } from './verdicts.js';

/** A finding that began, changed or ended between two judgements. */
export interface Transition {
  readonly kind: 'raised' | 'changed' | 'cleared';
  /** As it is now; as it was last when it has ended. */
  readonly finding: Finding;
  readonly atUnixSeconds: number;
}

/** What a judgement gives to the state. */
export interface Judgement {
  readonly findings: readonly Finding[];
  readonly health: NodeHealth;
}

/** How findings are made. */
export interface FindingsOptions {
  readonly rules?: readonly Rule[];
  /** Told each transition in the order of the catalogue; default: nobody. */
  readonly transition?: (transition: Transition) => void;
}

/** Runs the rules over one state after the other and remembers what each finding has lived through. */
export class Findings {
  private readonly rules: readonly Rule[];
  private readonly pasts: ReadonlyMap<Rule, Past>;
  private readonly counts = new FindingCounts();
  private readonly lives = new Map<Rule, ReadonlyMap<string, Life>>();
  private open = new Map<string, Finding>();
  private tuning: Tuning = UNTUNED;
  private lastSeconds = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: FindingsOptions = {}) {
    this.rules = options.rules ?? RULES;
    this.pasts = new Map(
      this.rules.flatMap((rule) => (rule.memory === undefined ? [] : [[rule, new Past(rule.memory.spacingSeconds)]])),
    );
  }

  /** Other limits and mutes from the next judgement on. */
  tune(tuning: Tuning): void {
    this.tuning = tuning;
  }

  /** What holds now, the gravest first, and what that makes of GPUs, partitions and node. */
  judge(state: Judged): Judgement {
    // A clock that fell back would let findings last for ever: time stands still until it has caught up.
    const monotonicSeconds = Math.max(state.atMonotonicSeconds, this.lastSeconds);
    this.lastSeconds = monotonicSeconds;
    const now: Moment = { monotonicSeconds, unixSeconds: state.atUnixSeconds };
    const findings: Finding[] = [];
    for (const rule of this.rules) this.runRule(rule, state, now, findings);
    this.tell(findings, now);
    const sorted = sortedByGravity(this.open);
    return { findings: sorted, health: this.counts.health(verdictsOf(state, sorted)) };
  }

  private runRule(rule: Rule, state: Judged, now: Moment, findings: Finding[]): void {
    const timing = this.tuning.timing(rule);
    const before = this.lives.get(rule) ?? NO_LIVES;
    const observations = this.look(rule, state, now);
    if (before.size === 0 && observations.length === 0) return;
    const after = new Map<string, Life>();
    const live = (key: string, observation: Observation | undefined) => {
      const life = lived(before.get(key), observation, timing, now);
      if (life === undefined) return;
      after.set(key, life);
      const finding = this.findingOf(rule, life);
      if (finding !== undefined) findings.push(finding);
    };
    const seen = new Set<string>();
    for (const observation of observations) {
      const key = findingKey({ code: codeOf(rule, observation), subject: observation.subject });
      if (seen.has(key)) continue;
      seen.add(key);
      live(key, observation);
    }
    for (const [key, { sight }] of before) {
      if (seen.has(key)) continue;
      const { subject } = sight;
      live(key, isUnseen(subject, state) ? { subject, unseen: true } : undefined);
    }
    this.lives.set(rule, after);
  }

  private look(rule: Rule, state: Judged, now: Moment): readonly Observation[] {
    const past = this.pasts.get(rule);
    if (past !== undefined && rule.memory !== undefined) past.add(now.monotonicSeconds, rule.memory.points(state));
    const context: Context = {
      limits: this.tuning.limits(rule),
      isOpen: (subject) =>
        this.lives.get(rule)?.get(findingKey({ code: rule.code, subject }))?.openSinceUnixSeconds !== undefined,
      past: (key) => past?.of(key),
    };
    return rule.look(state, context);
  }

  private findingOf(rule: Rule, life: Life): Finding | undefined {
    const { sight, condition, openSinceUnixSeconds, beginnings } = life;
    if (openSinceUnixSeconds === undefined) return undefined;
    const code = codeOf(rule, sight);
    return {
      code,
      severity: sight.severity,
      subject: sight.subject,
      sinceUnixSeconds: openSinceUnixSeconds,
      condition,
      flapping: isFlapping(life) ? beginnings.length : undefined,
      mutedBy: this.tuning.mutedBy({ rule: rule.code, code, subject: sight.subject }),
      reason: sight.reason,
      evidence: sight.evidence,
      action: sight.action,
      nextStep: sight.nextStep,
      docs: sight.docs ?? `docs/findings.md#${rule.code}`,
    };
  }

  /** Compares with what was open before. */
  private tell(findings: readonly Finding[], { unixSeconds }: Moment): void {
    const before = this.open;
    this.open = new Map(findings.map((finding) => [findingKey(finding), finding]));
    for (const [key, finding] of this.open) {
      const was = before.get(key);
      if (was === undefined) {
        this.counts.raised(finding);
        this.options.transition?.({ kind: 'raised', finding, atUnixSeconds: unixSeconds });
      } else if (was.severity !== finding.severity || was.action !== finding.action) {
        this.options.transition?.({ kind: 'changed', finding, atUnixSeconds: unixSeconds });
      }
    }
    for (const [key, finding] of before) {
      if (!this.open.has(key)) this.options.transition?.({ kind: 'cleared', finding, atUnixSeconds: unixSeconds });
    }
  }
}

/** The worst first, then by code and subject, which is what the keys begin with. */
function sortedByGravity(open: ReadonlyMap<string, Finding>): readonly Finding[] {
  const entries = [...open].sort(
    ([keyA, a], [keyB, b]) => severityRank(b.severity) - severityRank(a.severity) || (keyA < keyB ? -1 : 1),
  );
  return entries.map(([, finding]) => finding);
}

const NO_LIVES: ReadonlyMap<string, Life> = new Map();

function codeOf({ code }: Rule, { detail }: Observation): string {
  return detail === undefined ? code : `${code}_${detail}`;
}

/** Whether a GPU that no rule speaks of is not well but out of sight: the driver shows no GPU at all now. */
function isUnseen({ kind, id }: FindingSubject, { gpus, driver }: Judged): boolean {
  if (kind !== 'gpu' || driver.state === 'initialized') return false;
  return !gpus.some(({ uuid, index }) => uuid === id || String(index) === id);
}
