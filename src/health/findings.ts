import type { Finding } from '../model/finding.js';
import { RULES } from './catalogue.js';
import type { Judged, Verdict } from './rule.js';

const RANK = { critical: 0, warning: 1, info: 2 } as const;

/** Runs the rules and remembers since when each finding holds. */
export class Findings {
  private since = new Map<string, number>();

  /** What holds now, gravest first. */
  judge(state: Judged): readonly Finding[] {
    const verdicts = Object.values(RULES).flatMap((rule) => rule(state));
    const before = this.since;
    this.since = new Map();
    const findings = verdicts.map((verdict): Finding => {
      const key = keyOf(verdict);
      const sinceUnixSeconds = verdict.sinceUnixSeconds ?? before.get(key) ?? state.atUnixSeconds;
      this.since.set(key, sinceUnixSeconds);
      return { ...verdict, sinceUnixSeconds };
    });
    return findings.sort((a, b) => RANK[a.severity] - RANK[b.severity] || keyOf(a).localeCompare(keyOf(b)));
  }
}

function keyOf({ code, subject }: Pick<Verdict, 'code' | 'subject'>): string {
  return `${code} ${subject.kind} ${subject.id}`;
}
