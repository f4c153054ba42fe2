/** What call statistics tell, and what metrics make of it. */
import type { NodeState } from '../../../src/model/node-state.js';
import { reasonName } from '../../../src/model/readings.js';

/** Codes above this one have no count of their own, but 999. */
const LAST_OWN_CODE = 30;

/** The result under which a code is counted. */
export function resultOf(code: number): string {
  return code <= LAST_OWN_CODE || code === 999 ? reasonName(code) : 'other';
}

/** Calls by function and result. */
export class Counts {
  private readonly byFunction: ReadonlyMap<string, Readonly<Record<string, number>>>;

  constructor({ calls }: NodeState) {
    this.byFunction = new Map(calls.map((call) => [call.function, call.results]));
  }

  of(name: string, result: string): number {
    return this.byFunction.get(name)?.[result] ?? 0;
  }

  all(name: string): number {
    return Object.values(this.byFunction.get(name) ?? {}).reduce((sum, count) => sum + count, 0);
  }

  /** Lines of the metric that tells those of the driver. */
  lines(): string[] {
    const ofTheDriver = [...this.byFunction].filter(([name]) => name.startsWith('nvml'));
    return ofTheDriver.flatMap(([name, results]) =>
      Object.entries(results).map(
        ([result, count]) => `gpu_agent_nvml_calls_total{function="${name}",result="${result}"} ${count}`,
      ),
    );
  }
}
