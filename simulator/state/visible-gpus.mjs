// @ts-check
/**
 * The GPUs of a node, in the form the host trees are built from.
 */

/**
 * @param {import('./replay.mjs').ReplayedNode} node
 * @returns {import('../host/host-plan.mjs').VisibleGpu[]}
 */
export function visibleGpus(node) {
  return node.gpus.map((gpu, index) => {
    const number = (/** @type {string} */ name) => {
      const value = gpu.attributes.get(name);
      return typeof value === 'bigint' ? Number(value) : undefined;
    };
    const text = (/** @type {string} */ name) => String(gpu.attributes.get(name) ?? '');
    const numaNode = number('topologyNumaNode');
    const linkGeneration = number('pcieGenerationBusy');
    const linkWidth = number('pcieWidth');
    const subsystem = number('pciSubsystemId') ?? 0;
    return {
      minor: number('minorNumber') ?? index,
      name: text('name'),
      uuid: text('uuid'),
      vbiosVersion: text('vbiosVersion'),
      address: pciAddress(gpu.attributes),
      deviceId: (number('pciDeviceId') ?? 0) >>> 16,
      subsystemVendorId: subsystem & 0xffff,
      subsystemDeviceId: subsystem >>> 16,
      ...(numaNode === undefined ? {} : { numaNode }),
      ...(linkGeneration === undefined ? {} : { linkGeneration }),
      ...(linkWidth === undefined ? {} : { linkWidth }),
      driver: gpu.driver,
      migEnabled: number('migMode') === 1,
      migInstances: gpu.migInstances.map(({ gpuInstance, computeInstance }) => ({ gpuInstance, computeInstance })),
      processes: gpu.processes.map(({ pid, gpuInstance, computeInstance }) => ({
        pid,
        ...(gpuInstance === undefined ? {} : { gpuInstance }),
        ...(computeInstance === undefined ? {} : { computeInstance }),
      })),
    };
  });
}

/**
 * PCI address of a GPU in sysfs form.
 * @param {ReadonlyMap<string, unknown>} attributes
 */
export function pciAddress(attributes) {
  const part = (/** @type {string} */ name, /** @type {number} */ digits) =>
    Number(attributes.get(name) ?? 0)
      .toString(16)
      .padStart(digits, '0');
  return `${part('pciDomain', 4)}:${part('pciBus', 2)}:${part('pciDevice', 2)}.0`;
}
