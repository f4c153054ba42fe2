import type { Static } from 'typebox';
import Type from 'typebox';
import type { PciFunction } from '../../model/pci.js';
import type { InventoryRow } from '../../model/pci-inventory.js';
import type { Holds, JsonForm, Same } from './json-form.js';
import { closed, integer, maybe, named, number, text } from './words.js';

const PciErrorsDocument = closed(
  { correctable: Type.Integer(), nonFatal: Type.Integer(), fatal: Type.Integer() },
  { $id: 'PciErrors', description: 'Sums of the Advanced Error Reporting counters since the device was found.' },
);

const properties = {
  busId: Type.String(),
  vendorId: Type.Integer(),
  deviceId: Type.Integer(),
  subsystemVendorId: maybe(Type.Integer()),
  subsystemDeviceId: maybe(Type.Integer()),
  driver: maybe(Type.String()),
  iommuGroup: maybe(Type.Integer()),
  numaNode: maybe(Type.Integer()),
  virtualFunctionOf: maybe(text('Bus id of the GPU this is a virtual function of.')),
  virtualFunctions: integer('Virtual functions there are now.'),
  virtualFunctionsMax: maybe(integer('Most virtual functions; missing for a function without SR-IOV.')),
  bars: Type.Array(
    closed({
      index: integer('Line of the resource file.'),
      sizeBytes: number('Bytes.'),
      is64Bit: Type.Boolean(),
      prefetchable: Type.Boolean(),
    }),
  ),
  runtimeStatus: maybe(text('Such as active or suspended.')),
  gone: Type.Boolean({ description: 'The link reads all ones: the device does not answer any more.' }),
  link: maybe(
    closed(
      {
        generation: maybe(Type.Integer()),
        generationMax: maybe(Type.Integer()),
        widthLanes: maybe(Type.Integer()),
        widthLanesMax: maybe(Type.Integer()),
      },
      { description: 'Missing for virtual functions and while the device is suspended.' },
    ),
  ),
  errors: maybe(named(PciErrorsDocument)),
  portErrors: maybe(named(PciErrorsDocument)),
} as const;

/** Schema of `PciFunction`. */
export const PciFunctionDocument = closed(properties, {
  $id: 'PciFunction',
  description: 'An NVIDIA display or 3D function in sysfs.',
});

/** Schema of a row of the inventory. */
export const InventoryDocument = closed(
  {
    ...properties,
    gpuIndex: maybe(integer('Index at which NVML reports it; missing when NVML cannot see it.')),
    gpuUuid: maybe(Type.String()),
    unseen: maybe(text('Why NVML does not report it as a GPU; missing for one that it reports.')),
    partitions: Type.Array(Type.String(), { description: 'Ids of the partitions it is given away in.' }),
    workloads: Type.Array(Type.String(), { description: 'Ids of the workloads on these.' }),
  },
  { $id: 'PciInventory', description: 'A function on the PCI bus, and what the node knows of its use.' },
);

/** Schemas these refer to, and themselves. */
export const PCI_PARTS = [PciErrorsDocument, PciFunctionDocument, InventoryDocument] as const;

export type PciFunctionView = Static<typeof PciFunctionDocument>;
export type InventoryView = Static<typeof InventoryDocument>;

/** The schemas and the model say the same. */
export type PciAgrees = Holds<Same<PciFunctionView, JsonForm<PciFunction>>>;
export type InventoryAgrees = Holds<Same<InventoryView, JsonForm<InventoryRow>>>;
