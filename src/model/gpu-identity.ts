/**
 * By what a GPU is told from the others. NVML's index changes when the driver counts other GPUs than before, so it only
 * counts where neither UUID nor PCI address of one of the two was ever known.
 */
export interface GpuIdentity {
  /** Where it stood when it was last seen. */
  readonly index: number | undefined;
  readonly uuid: string | undefined;
  /** PCI address in sysfs form, `0000:41:00.0`. */
  readonly pciBusId: string | undefined;
}

/**
 * Whether both are one GPU, by the best of what is known of both. When each has a name but not of the same kind, nobody
 * can say, and they are not taken for one: both may have stood at that index, one after the other.
 */
export function isSameGpu(a: GpuIdentity, b: GpuIdentity): boolean {
  if (a.uuid !== undefined && b.uuid !== undefined) return a.uuid === b.uuid;
  if (a.pciBusId !== undefined && b.pciBusId !== undefined) return a.pciBusId === b.pciBusId;
  return (isNameless(a) || isNameless(b)) && a.index !== undefined && a.index === b.index;
}

const isNameless = ({ uuid, pciBusId }: GpuIdentity) => uuid === undefined && pciBusId === undefined;

/** What to call it: UUID, else PCI address, else index. */
export function gpuName({ uuid, pciBusId, index }: GpuIdentity): string {
  return uuid ?? pciBusId ?? String(index);
}
