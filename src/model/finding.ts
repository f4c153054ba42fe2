/** Something worth a person's attention, with the evidence and one next step. */
export interface Finding {
  /** Stable, e.g. `gpu_call_stuck`. */
  readonly code: string;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly subject: { readonly kind: 'gpu' | 'partition' | 'workload' | 'node' | 'agent'; readonly id: string };
  readonly sinceUnixSeconds: number;
  /** One sentence in plain words. */
  readonly reason: string;
  readonly evidence: Readonly<Record<string, string | number>>;
  readonly action:
    | 'none'
    | 'watch'
    | 'restart_workload'
    | 'fix_configuration'
    | 'check_hardware'
    | 'drain'
    | 'reset_gpu'
    | 'reboot_node'
    | 'power_cycle'
    | 'replace';
  /** What exactly to do next. */
  readonly nextStep: string;
}
