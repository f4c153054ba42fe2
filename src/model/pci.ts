/** One memory window of a PCI function (`resource`, vgpu-sysfs.md §1.3). */
export interface PciBar {
  /** Line of the file: 0–5. A 64-bit window takes its own line and the next. */
  readonly index: number;
  readonly sizeBytes: number;
  readonly is64Bit: boolean;
  readonly prefetchable: boolean;
}

/** State of the PCI Express link above a function. Undefined = the kernel does not know. */
export interface PciLink {
  /** 1 = 2.5 GT/s, 2 = 5, 3 = 8, 4 = 16, 5 = 32, 6 = 64. Drops when idle. */
  readonly generation: number | undefined;
  readonly generationMax: number | undefined;
  readonly widthLanes: number | undefined;
  readonly widthLanesMax: number | undefined;
}

/** Sums of the Advanced Error Reporting counters since the device was found. */
export interface PciErrors {
  readonly correctable: number;
  readonly nonFatal: number;
  readonly fatal: number;
}

/** One NVIDIA display/3D function found in sysfs, whether or not the driver sees it. */
export interface PciFunction {
  readonly busId: string;
  readonly vendorId: number;
  readonly deviceId: number;
  readonly subsystemVendorId: number | undefined;
  readonly subsystemDeviceId: number | undefined;
  readonly driver: string | undefined;
  readonly iommuGroup: number | undefined;
  readonly numaNode: number | undefined;
  /** Bus id of the GPU this is a virtual function of (SR-IOV); undefined for a GPU itself. */
  readonly virtualFunctionOf: string | undefined;
  /** Virtual functions there are now: number of `virtfn*` links. */
  readonly virtualFunctions: number;
  /** Most virtual functions; undefined for a function without SR-IOV. */
  readonly virtualFunctionsMax: number | undefined;
  readonly bars: readonly PciBar[];
  /** `active`, `suspended` …; undefined where the kernel has no runtime power management. */
  readonly runtimeStatus: string | undefined;
  /** True when the link reads all ones: the device does not answer any more. */
  readonly gone: boolean;
  /** Undefined for virtual functions and while the device is suspended: asking would wake it. */
  readonly link: PciLink | undefined;
  /** Undefined without the capability, and while the device is suspended. */
  readonly errors: PciErrors | undefined;
  /** The same of the port above it, where errors of the link are often counted instead. */
  readonly portErrors: PciErrors | undefined;
}
