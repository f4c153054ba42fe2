import type { Finding } from '../finding.js';

/**
 * What an XID means for the GPU: `info` nothing to do, `app` a program's fault and the GPU is well, `warn` watch how often
 * it comes, `degraded` usable until the next maintenance, `critical` drain it, it must be reset, `fatal` the node or the
 * hardware needs a hand.
 */
export type XidClass = 'info' | 'app' | 'warn' | 'degraded' | 'critical' | 'fatal';

/** What becomes of an XID that does not stay alone. */
export interface XidRepeat {
  /**
   * `other_workload`: the same XID came to another workload on this GPU. `again`: it came again on this GPU before it had
   * been quiet for long. `after_reset`: it came again although the GPU was reset or the node rebooted since.
   */
  readonly when: 'other_workload' | 'again' | 'after_reset';
  readonly severity: Finding['severity'];
  readonly action: Finding['action'];
  readonly nextStep: string;
}

/** What another XID of the same GPU at the same time says about this one. */
export interface XidCompanion {
  /** Any of these; `any`: whatever else. */
  readonly xids: readonly number[] | 'any';
  /** `leads`: the finding is this XID's and `says` is added to it. `follows`: it is the other's, this one is evidence in it. */
  readonly role: 'leads' | 'follows';
  /** In place of the row's own. */
  readonly severity?: Finding['severity'];
  readonly says: string;
}

/** One row of the catalogue. */
export interface XidRow {
  readonly xid: number;
  /** In one short phrase, to stand behind "XID 79: ". */
  readonly meaning: string;
  readonly class: XidClass;
  readonly action: Finding['action'];
  /** What to do first, and what to look for. */
  readonly nextStep: string;
  /**
   * `quiet`: it is over when it has not come for a while. `reset`: it stands until the GPU is reset or the driver loaded
   * anew. `repair`: it stands until somebody clears it, because no reset makes it better.
   */
  readonly until: 'quiet' | 'reset' | 'repair';
  readonly onRepeat?: XidRepeat;
  readonly with?: readonly XidCompanion[];
}

const THE_GPU =
  'the workloads of this GPU away and reset it (nvidia-smi --gpu-reset -i <GPU>; GPUs joined by NVLink go together).';

/** How to reset a GPU, with the drain that has to come first. */
export const DRAIN_AND_RESET = `Move ${THE_GPU}`;

/** The same where nothing is urgent. */
export const RESET_AT_MAINTENANCE = `At the next maintenance move ${THE_GPU}`;

/** What a fault that spares nobody asks for: a test of the hardware. */
export function suspectHardware(what: string): XidRepeat {
  return {
    when: 'other_workload',
    severity: 'warning',
    action: 'check_hardware',
    nextStep: `Different programs met it on this GPU, so ${what} is suspect: drain the GPU and run a long diagnostic (dcgmi diag -r 3) before it gets new work.`,
  };
}

/** What comes back after a reset is in the hardware. */
export function replaceAfterReset(what: string): XidRepeat {
  return {
    when: 'after_reset',
    severity: 'critical',
    action: 'replace',
    nextStep: `A reset did not cure it: ${what}. Keep the GPU drained, save nvidia-bug-report.sh and have the board exchanged.`,
  };
}
