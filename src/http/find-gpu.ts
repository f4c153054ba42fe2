/** What a GPU can be called by. */
interface Named {
  readonly index?: number | undefined;
  readonly uuid?: string | undefined;
  readonly pciBusId?: string | undefined;
}

/** The GPU of an index, UUID or PCI bus id, as people type them. */
export function findGpu<Gpu extends Named>(gpus: readonly Gpu[], id: string): Gpu | undefined {
  const wanted = id.toLowerCase();
  return gpus.find(
    ({ index, uuid, pciBusId }) =>
      String(index) === wanted || uuid?.toLowerCase() === wanted || pciBusId?.toLowerCase() === wanted,
  );
}
