import type { PciFunction } from '../src/model/pci.js';

/** A GPU on the bus of which only the place and its ids are known. */
export function pciFunction(busId: string, more: Partial<PciFunction> = {}): PciFunction {
  return {
    busId,
    vendorId: 0x10de,
    deviceId: 0x2330,
    subsystemVendorId: undefined,
    subsystemDeviceId: undefined,
    driver: undefined,
    iommuGroup: undefined,
    numaNode: undefined,
    virtualFunctionOf: undefined,
    virtualFunctions: 0,
    virtualFunctionsMax: undefined,
    bars: [],
    runtimeStatus: undefined,
    gone: false,
    link: undefined,
    errors: undefined,
    portErrors: undefined,
    ...more,
  };
}
