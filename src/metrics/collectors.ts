import type { MetricsFilter } from '../model/metrics-filter.js';
import type { CollectorName } from '../model/node-state.js';

/**
 * Sources that families are made of, by the beginning of their names; the first that fits counts. What the agent says
 * of itself has none.
 */
const BY_BEGINNING: readonly (readonly [beginning: string, collectors: readonly CollectorName[]])[] = [
  ['gpu_agent_hami_', ['hami']],
  ['gpu_agent_kmsg_', ['kmsg']],
  ['gpu_agent_', []],
  ['gpu_expected_count', ['nvml', 'pci']],
  ['gpu_partition_', ['nvml', 'pci', 'hami']],
  ['gpu_pci_', ['pci']],
  ['gpu_share_', ['hami']],
  ['gpu_xid_', ['nvml', 'kmsg']],
  ['gpu_workload_info', ['processes', 'hami']],
  ['gpu_workload_', ['nvml', 'processes']],
  ['gpu_', ['nvml']],
];

/** Sources that a family is made of; none for `process_*` and `nodejs_*` too. */
export function collectorsOf(name: string): readonly CollectorName[] {
  return BY_BEGINNING.find(([beginning]) => name.startsWith(beginning))?.[1] ?? [];
}

/** Whether a filter lets every family through. */
export function isEmpty({ collect, exclude, names }: MetricsFilter): boolean {
  return collect === undefined && exclude === undefined && names === undefined;
}

/** Whether a filter lets a family through. */
export function isWanted(name: string, { collect, exclude, names }: MetricsFilter): boolean {
  if (names !== undefined && !names.includes(name)) return false;
  const collectors = collectorsOf(name);
  if (collectors.length === 0) return true;
  if (collect !== undefined) return collectors.some((one) => collect.includes(one));
  return exclude === undefined || collectors.some((one) => !exclude.includes(one));
}
