import type { PciFunction } from './pci.js';

/** A function on the bus, and what the node knows of its use. */
export interface InventoryRow extends PciFunction {
  /** Index at which NVML reports it; undefined when NVML cannot see it. */
  readonly gpuIndex: number | undefined;
  readonly gpuUuid: string | undefined;
  /** Why NVML does not report it; undefined for a function that it reports. */
  readonly unseen: string | undefined;
  /** Ids of the partitions it is given away in. */
  readonly partitions: readonly string[];
  /** Ids of the workloads on these. */
  readonly workloads: readonly string[];
}

/** As much of a node as an inventory is made of. */
interface NodeOnBus<Fn> {
  readonly pci: readonly Fn[];
  readonly gpus: readonly {
    readonly index: number;
    readonly uuid?: string | undefined;
    readonly pciBusId?: string | undefined;
  }[];
  readonly partitions: readonly {
    readonly id: string;
    readonly pciBusId?: string | undefined;
    readonly workloads: readonly string[];
  }[];
  readonly driver: { readonly state: string };
}

/** As much of a function as says why NVML cannot see it; documents and the model both fit. */
export interface FunctionOnBus {
  readonly busId: string;
  readonly driver?: string | undefined;
  readonly virtualFunctionOf?: string | undefined;
  readonly gone: boolean;
}

type Use = Pick<InventoryRow, 'gpuIndex' | 'gpuUuid' | 'unseen' | 'partitions' | 'workloads'>;

/** Every function with its use, by address. */
export function inventoryOf<Fn extends FunctionOnBus>({
  pci,
  gpus,
  partitions,
  driver,
}: NodeOnBus<Fn>): readonly (Fn & Use)[] {
  return [...pci]
    .sort((a, b) => (a.busId < b.busId ? -1 : Number(a.busId > b.busId)))
    .map((one) => {
      const gpu = gpus.find(({ pciBusId }) => pciBusId === one.busId);
      const own = partitions.filter(({ pciBusId }) => pciBusId === one.busId);
      return {
        ...one,
        gpuIndex: gpu?.index,
        gpuUuid: gpu?.uuid,
        unseen: gpu === undefined ? whyUnseen(one, driver.state) : undefined,
        partitions: own.map(({ id }) => id),
        workloads: [...new Set(own.flatMap(({ workloads }) => workloads))],
      };
    });
}

/** Why NVML does not report a function, in words that end a sentence. */
export function whyUnseen({ driver, virtualFunctionOf, gone }: FunctionOnBus, driverState: string): string {
  if (gone) return 'it does not answer on the bus any more';
  if (driver === undefined) return 'no kernel driver has it';
  if (driver !== 'nvidia') return `the kernel driver ${driver} has it`;
  if (virtualFunctionOf !== undefined) return `a virtual function of ${virtualFunctionOf}`;
  if (driverState !== 'initialized') return 'the driver has not said which GPUs it has';
  return 'the driver has it and does not report it';
}
