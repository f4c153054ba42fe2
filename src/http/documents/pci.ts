import Type from 'typebox';
import { closed, integer, maybe, named, number, text } from './words.js';

const PciErrorsDocument = closed(
  { correctable: Type.Integer(), nonFatal: Type.Integer(), fatal: Type.Integer() },
  { $id: 'PciErrors', description: 'Sums of the Advanced Error Reporting counters since the device was found.' },
);

/** Schema of `PciFunction`. */
export const PciFunctionDocument = closed(
  {
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
  },
  { $id: 'PciFunction', description: 'An NVIDIA display or 3D function in sysfs.' },
);

/** Schemas this one refers to, and itself. */
export const PCI_PARTS = [PciErrorsDocument, PciFunctionDocument] as const;
