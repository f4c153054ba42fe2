import { sysfsAddress } from './pci-address.js';
import { type FunctionOnBus, whyUnseen } from './pci-inventory.js';

/** What a GPU can be called by; documents and the model both fit. */
export interface NamedGpu {
  readonly index?: number | undefined;
  readonly uuid?: string | undefined;
  /** As in sysfs, `0000:41:00.0`. */
  readonly pciBusId?: string | undefined;
}

/** Fewest digits of a UUID that may stand for it: with fewer a slip of the finger would name a GPU. */
const LEAST_UUID_DIGITS = 4;

/**
 * The GPU of a name as people type it: index, UUID, the start of a UUID that no other GPU has (with or without `GPU-`,
 * four digits at least), or PCI address with or without domain. Undefined when none, or more than one, has it.
 */
export function gpuNamed<Gpu extends NamedGpu>(gpus: readonly Gpu[], id: string): Gpu | undefined {
  const found = gpusNamed(gpus, id);
  return found.length === 1 ? found[0] : undefined;
}

/** All that the name may mean: more than one where several UUIDs begin with it. */
export function gpusNamed<Gpu extends NamedGpu>(gpus: readonly Gpu[], id: string): readonly Gpu[] {
  const wanted = id.trim().toLowerCase();
  const exact = gpus.find(
    ({ index, uuid }) => (index !== undefined && String(index) === wanted) || uuid?.toLowerCase() === wanted,
  );
  if (exact !== undefined) return [exact];
  const address = sysfsAddress(wanted);
  if (address !== undefined) return gpus.filter(({ pciBusId }) => pciBusId === address).slice(0, 1);
  return gpus.filter(({ uuid }) => uuid !== undefined && beginsWith(uuid.toLowerCase(), wanted));
}

function beginsWith(uuid: string, wanted: string): boolean {
  const digits = wanted.replace(/^gpu-/, '');
  return digits.replaceAll('-', '').length >= LEAST_UUID_DIGITS && uuid.replace(/^gpu-/, '').startsWith(digits);
}

/** A node as far as names need it; documents and the model both fit. */
interface NamingNode {
  readonly gpus: readonly (NamedGpu & { readonly index: number })[];
  readonly pci: readonly FunctionOnBus[];
  readonly driver: { readonly state: string };
}

/** Why a name is no GPU's; of a function that NVML does not see, why it does not. */
export function notNamed({ gpus, pci, driver }: NamingNode, id: string): string {
  const several = gpusNamed(gpus, id);
  const name = JSON.stringify(id);
  const address = sysfsAddress(id.trim().toLowerCase());
  const onBus = pci.find(({ busId }) => busId === address);
  if (several.length === 0 && onBus !== undefined) {
    return `The driver reports no GPU at ${onBus.busId}; what is there it does not see: ${whyUnseen(onBus, driver.state)}.`;
  }
  if (several.length > 1) {
    return `${name} may be any of ${several.length} GPUs: ${several.map(({ index, uuid }) => `${index} (${uuid})`).join(', ')}.`;
  }
  return `No GPU is called ${name}; indices are: ${gpus.map(({ index }) => index).join(', ') || 'none'}.`;
}
