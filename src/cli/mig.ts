import { migTreeOf } from '../http/documents/gpu-in-full.js';
import type { GpuView } from '../http/documents/node.js';
import { absenceText } from '../model/absence.js';
import { askNode, isUnanswered } from './ask.js';
import { type Command, EXIT } from './command.js';
import { shortName } from './gpu-facts.js';
import { emptyList, listHeading } from './heading.js';
import { migLines } from './mig-lines.js';
import { GPU_NAMES, nodeOf } from './named-gpu.js';
import { visible, wrap } from './text.js';

/** `gpu-node-agent mig` */
export const mig: Command = {
  name: 'mig',
  summary: 'How GPUs are divided by MIG: instances in their places, who holds them, what would still fit',
  operands: '[gpu]',
  operandCount: [0, 1],
  flags: [],
  details: [
    GPU_NAMES.replace('<gpu>', '[gpu]'),
    'Asks the running agent; without one the node is read once. Places, and what fits now, are told to root only.',
    'The drawing and SLICES count slices of memory; one is unused, not free, where no profile would fit any more.',
    'Compute instances of one GPU instance share its memory: MEMORY shows all of it beside each.',
    'ACTIVE is the graphics activity, which Hopper and newer measure; A100 has no source of it. ECC counts uncorrected errors.',
  ],
  async run(invocation) {
    const told = await askNode(invocation);
    const { gpus } = nodeOf(told, invocation.operands[0]);
    const { node } = told;
    const { columns, paint } = invocation;
    const code = isUnanswered(told) ? EXIT.nobody : EXIT.ok;
    if (invocation.json) {
      const rows = gpus.map((gpu) => documentOf(gpu));
      invocation.printJson({ atUnixSeconds: node.atUnixSeconds, simulated: node.simulated, gpus: rows });
      return code;
    }
    const blocks = gpus.map((gpu) => {
      const lines = migLines(gpu, node, columns, paint);
      const title = `GPU ${gpu.index}  ${visible(shortName(gpu) ?? 'name not known yet')}  ${modeText(gpu, lines !== undefined)}`;
      const off = lines === undefined ? offText(gpu) : undefined;
      return [
        paint.bold(title),
        ...(off === undefined ? [] : wrap(off, (columns ?? 100) - 2).map((line) => `  ${line}`)),
        ...(lines ?? []),
      ];
    });
    const list =
      blocks.length === 0
        ? [emptyList(told, 'GPUs')]
        : blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block]));
    invocation.print(...listHeading(told, paint), ...list);
    return code;
  },
};

function modeText({ readings, absent }: GpuView, isOn: boolean): string {
  const { mig_mode_enabled: now, mig_mode_pending: pending } = readings;
  const change = now === undefined || pending === undefined || now === pending ? '' : waitText(pending);
  if (isOn) return `MIG on${change}`;
  if (now !== undefined) return `MIG off${change}`;
  return absent.mig_mode_enabled === 'not_supported' ? 'no MIG' : 'MIG not known';
}

const waitText = (pending: number) => `, ${pending === 1 ? 'on' : 'off'} after the next reset`;

/** Why a GPU shows no division; undefined where MIG mode is just off. */
function offText({ readings, absent, condition, conditionReason }: GpuView): string | undefined {
  if (readings.mig_mode_enabled !== undefined) return undefined;
  const reason = absent.mig_mode_enabled;
  if (reason !== undefined) return `${absenceText(reason)} (${reason})`;
  return condition === 'up' ? undefined : visible(conditionReason ?? `the GPU is ${condition}`);
}

const truthOf = (reading: number | undefined) => (reading === undefined ? undefined : reading === 1);

function documentOf(gpu: GpuView) {
  const { memorySlices, gpuInstances } = migTreeOf(gpu);
  return {
    index: gpu.index,
    uuid: gpu.uuid,
    migModeEnabled: truthOf(gpu.readings.mig_mode_enabled),
    migModePending: truthOf(gpu.readings.mig_mode_pending),
    memorySlices,
    gpuInstances,
    profiles: gpu.migProfiles,
  };
}
