import { type GpuIdentity, gpuName, isSameGpu } from './gpu-identity.js';

/** The part of a call that says what it is about. */
interface CallSubject {
  readonly lane: string;
  readonly gpuIndex?: number | undefined;
  readonly gpuUuid?: string | undefined;
  readonly gpuPciBusId?: string | undefined;
}

/** The GPU a call is about; undefined when it is about none. */
export function gpuOfCall({ lane, gpuIndex, gpuUuid, gpuPciBusId }: CallSubject): GpuIdentity | undefined {
  return lane === 'gpu' ? { index: gpuIndex, uuid: gpuUuid, pciBusId: gpuPciBusId } : undefined;
}

/** Whether a call is about this GPU. */
export function isCallOf(call: CallSubject, gpu: GpuIdentity): boolean {
  const own = gpuOfCall(call);
  return own !== undefined && isSameGpu(own, gpu);
}

/** `GPU 3`, by its name when it stands nowhere now; undefined when the call is about none. */
export function placeOfCall(call: CallSubject): string | undefined {
  const gpu = gpuOfCall(call);
  return gpu === undefined ? undefined : `GPU ${gpu.index ?? gpuName(gpu)}`;
}
