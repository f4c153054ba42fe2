import { DRAIN_AND_RESET, suspectHardware, type XidRow } from './row.js';

/** The XIDs of the copy engines, in the order of the engines' numbers from 0 (nvml.md §13). */
const COPY_ENGINES = [39, 40, 41, 70, 71, 72, 75, 76, 77, 85, 126, 127, 128, 129, 130, 131, 132, 133, 134, 135];
const DECODERS_FROM_1 = [83, 84, 88, 89, 96, 97, 98];
const JPEG_ENGINES = [82, 99, 100, 101, 102, 103, 104, 105];
const OPTICAL_FLOW_ENGINES = [86, 139];
const ENCODERS: ReadonlyMap<number, number> = new Map([
  [65, 1],
  [73, 2],
  [142, 3],
]);

/** An engine that met a fault in the work of one program; the driver goes on without that program. */
function engine(xid: number, name: string): XidRow {
  return {
    xid,
    meaning: `${name} met a fault in the work of a program`,
    class: 'app',
    action: 'restart_workload',
    nextStep:
      'Restart the program that the kernel log names. If it is always that program or that file, its owner has to look; the GPU is well.',
    until: 'quiet',
    onRepeat: suspectHardware(name),
  };
}

const series = (numbers: readonly number[], name: string, first = 0): XidRow[] =>
  numbers.map((xid, index) => engine(xid, `${name} ${first + index}`));

/** Faults of the engines beside the one that runs kernels: copies, video, pictures, optical flow, deep learning. */
export const ENGINE_XIDS: readonly XidRow[] = [
  ...series(COPY_ENGINES, 'copy engine'),
  {
    ...engine(68, 'video decoder 0'),
    onRepeat: {
      when: 'other_workload',
      severity: 'warning',
      action: 'reset_gpu',
      nextStep: `Different programs met it on this GPU. ${DRAIN_AND_RESET} If it comes after that too, run a long diagnostic (dcgmi diag -r 3).`,
    },
  },
  ...series(DECODERS_FROM_1, 'video decoder', 1),
  ...series(JPEG_ENGINES, 'JPEG engine'),
  ...series(OPTICAL_FLOW_ENGINES, 'optical-flow engine'),
  ...[...ENCODERS].map(([xid, index]) => engine(xid, `video encoder ${index}`)),
  engine(60, 'the video processor'),
  {
    xid: 152,
    meaning: 'the deep-learning accelerator of a Tegra met a memory fault',
    class: 'info',
    action: 'none',
    nextStep: 'Nothing has to be done at the GPU. If a program failed at this moment, start it again.',
    until: 'quiet',
  },
  {
    xid: 153,
    meaning: 'the deep-learning accelerator of a Tegra timed out',
    class: 'info',
    action: 'none',
    nextStep: 'Nothing has to be done at the GPU. If a program failed at this moment, start it again.',
    until: 'quiet',
  },
];
