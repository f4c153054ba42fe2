import type { Finding } from '../model/finding.js';
import type { HealthStatus, NodeHealth, VerdictChange } from '../model/node-health.js';
import type { Verdicts } from './verdicts.js';

/** What is counted of findings and verdicts since the agent started. */
export class FindingCounts {
  private byCode: Readonly<Record<string, number>> = {};
  private changes: readonly VerdictChange[] = [];
  private readonly statuses = new Map<string, HealthStatus>();

  /** A finding began. One that is muted counts for nothing. */
  raised({ code, mutedBy }: Finding): void {
    if (mutedBy === undefined) this.byCode = { ...this.byCode, [code]: (this.byCode[code] ?? 0) + 1 };
  }

  /** The verdicts with what was counted up to them. */
  health(verdicts: Verdicts): NodeHealth {
    for (const { id, status } of verdicts.gpus) {
      const before = this.statuses.get(id);
      this.statuses.set(id, status);
      if (before !== undefined && before !== status) this.changed(id, before, status);
    }
    return { ...verdicts, raisedByCode: this.byCode, changes: this.changes };
  }

  private changed(gpu: string, from: HealthStatus, to: HealthStatus): void {
    const isSame = (one: VerdictChange) => one.gpu === gpu && one.from === from && one.to === to;
    const before = this.changes.find(isSame);
    this.changes = [
      ...this.changes.filter((one) => one !== before),
      { gpu, from, to, count: (before?.count ?? 0) + 1 },
    ];
  }
}
