import type { Finding } from './finding.js';

/** How the driver wants a GPU to be recovered (field 230), and what that means here. */
export interface RecoveryAdvice {
  /** As the label `action` of gpu_recovery_action has it. */
  readonly name: string;
  readonly severity: Finding['severity'];
  readonly action: Finding['action'];
  readonly nextStep: string;
}

/**
 * nvmlDeviceGpuRecoveryAction_t and the two that NVIDIA's newer bindings add (nvml.md §6), by their values. The driver
 * says reset where the GPU cannot be used before; drain first where it can still end what runs.
 */
export const RECOVERY_ACTIONS: readonly RecoveryAdvice[] = [
  { name: 'none', severity: 'info', action: 'none', nextStep: 'Nothing has to be done.' },
  {
    name: 'gpu_reset',
    severity: 'critical',
    action: 'reset_gpu',
    nextStep:
      'End what still runs on this GPU (move the workloads away) and reset it: nvidia-smi --gpu-reset -i <GPU>. If that is refused, something still holds it open: `gpu-node-agent holders` says who.',
  },
  {
    name: 'node_reboot',
    severity: 'critical',
    action: 'reboot_node',
    nextStep: 'Move the workloads of the node away and reboot it: resetting the GPU alone is not enough.',
  },
  {
    name: 'drain_p2p',
    severity: 'warning',
    action: 'drain',
    nextStep:
      'End the jobs that use this GPU together with others (over NVLink or PCIe). Programs that use it alone may go on.',
  },
  {
    name: 'drain_and_reset',
    severity: 'warning',
    action: 'reset_gpu',
    nextStep:
      'Give this GPU no new work, let what runs come to its end, then reset it: nvidia-smi --gpu-reset -i <GPU>. It works until then, but not as it should.',
  },
  {
    name: 'recover_imex_domain',
    severity: 'warning',
    action: 'fix_configuration',
    nextStep:
      'The nodes that share memory over NVLink lost touch: look at nvidia-imex on all nodes of the domain (nvidia-imex-ctl -N) and restart it when no job runs there.',
  },
  {
    name: 'bus_reset',
    severity: 'critical',
    action: 'reset_gpu',
    nextStep:
      'Move the workloads of this GPU away and reset it together with its PCIe bus; where no tool for that is at hand, reboot the node.',
  },
  {
    name: 'system_reboot',
    severity: 'critical',
    action: 'reboot_node',
    nextStep: 'Move the workloads of the node away and reboot it: nothing less recovers this GPU.',
  },
];

/** What a value of field 230 asks for; also what takes the place of severity and action of XID 154. */
export function recoveryAdvice(value: number): RecoveryAdvice {
  return (
    RECOVERY_ACTIONS[value] ?? {
      name: 'unknown',
      severity: 'warning',
      action: 'watch',
      nextStep:
        'The driver asks for something that this agent has no name for: read "GPU Recovery Action" of nvidia-smi -q and do that.',
    }
  );
}

/**
 * The value that the text of an XID 154 in the kernel log changes to, long before field 230 is read again:
 * `GPU recovery action changed from 0x0 (None) to 0x4 (Drain and Reset)`. Undefined for other texts.
 */
export function recoveryActionIn(text: string): number | undefined {
  const parts =
    /^GPU recovery action changed from 0x[0-9a-f]{1,8} \([^()]{0,40}\) to 0x([0-9a-f]{1,8})(?![0-9a-f])/i.exec(text);
  return parts?.[1] === undefined ? undefined : Number.parseInt(parts[1], 16);
}
