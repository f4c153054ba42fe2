/** Who holds a partition or runs on a GPU. */
export interface Workload {
  /** Stable id: pod uid + container id, machine name, unit, or `process-<pid>-<start ticks>`. */
  readonly id: string;
  readonly kind: 'pod' | 'vm' | 'slurm' | 'unit' | 'container' | 'process';
  /** What a person calls it. */
  readonly name: string;
  readonly pids: readonly number[];
  readonly podUid: string | undefined;
  readonly namespace: string | undefined;
  readonly pod: string | undefined;
  readonly container: string | undefined;
  readonly vm: string | undefined;
  readonly unit: string | undefined;
  readonly command: string | undefined;
  /** Where the name comes from. */
  readonly namedBy: 'cgroup' | 'hami' | 'libvirt' | 'cmdline' | 'proc';
}
