import type { StuckCall } from './node-state.js';
import type { Workload } from './workload.js';

/** A handle on a device node that `release` could not free, because its thread sleeps in the driver. */
export interface RemainingHandle {
  readonly pid: number;
  readonly tid: number;
  /** The device node, e.g. `/dev/nvidia3`. */
  readonly path: string;
  /** The driver call the thread sleeps in; undefined where it is not known. */
  readonly call: StuckCall | undefined;
}

/** What `release` reached. */
export interface ReleaseResult {
  /** UUID of the GPU (or its index while the driver has not told the UUID), or `all`. */
  readonly gpu: string;
  /** True when the agent and its samplers hold no device node of it any more. */
  readonly free: boolean;
  /** What they still hold; empty when `free`. */
  readonly remaining: readonly RemainingHandle[];
  /** Unix time at which it is taken up again; undefined = until `resume`. */
  readonly untilUnixSeconds: number | undefined;
  /** Seconds from the request to this answer. */
  readonly tookSeconds: number;
}

/** What `resume` did. */
export interface ResumeResult {
  /** What is taken up again, by UUID or `all`; empty when nothing had been released. */
  readonly resumed: readonly string[];
  /** What stays released. */
  readonly stillReleased: readonly string[];
}

/** One process that has a GPU's device node open. */
export interface Holder {
  readonly pid: number;
  /** `sampler` and `agent` are ours: `release` lets go of them. */
  readonly role: 'sampler' | 'agent' | 'other';
  /** Device nodes, sorted, each once. */
  readonly paths: readonly string[];
  /** Open handles over all threads. */
  readonly handles: number;
  /** Who it is; undefined when the process is gone or may not be looked at. */
  readonly workload: Workload | undefined;
}

/** What `forget` took out of the baseline. */
export interface ForgetResult {
  readonly uuid: string;
  /** Where the GPU was seen last. */
  readonly busId: string | undefined;
}

/** Why a control action was refused. */
export type ControlRefusal = 'gpu_unknown' | 'not_released' | 'busy' | 'unavailable';

/** A refusal with a stable code and one next step; anything else thrown by an action is a defect. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: ControlRefusal;
  readonly nextStep: string;

  constructor(code: ControlRefusal, message: string, nextStep: string) {
    super(message);
    this.code = code;
    this.nextStep = nextStep;
  }
}

/**
 * The actions behind the control socket. A GPU is named by index, UUID or PCI bus id; without one, all GPUs are meant.
 * Each throws `ControlError` when it refuses.
 */
export interface ControlActions {
  /** Closes every handle on the GPU's device nodes and stays away for `forSeconds`, or until `resume`. */
  release(request: {
    readonly gpu?: string | undefined;
    readonly forSeconds?: number | undefined;
  }): Promise<ReleaseResult>;
  /** Takes released GPUs up again. */
  resume(request: { readonly gpu?: string | undefined }): Promise<ResumeResult>;
  /** Every process with an open nvidia or vfio device node of the GPU. */
  holders(gpu: string): Promise<readonly Holder[]>;
  /** Takes a GPU that is gone for good out of the baseline, by UUID or PCI bus id. */
  forget(gpu: string): Promise<ForgetResult>;
}
