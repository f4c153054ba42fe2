// @ts-check
/** From a parsed scenario to the record of its host: each GPU's values, wherever the scenario wrote them. */

/**
 * @typedef {import('./host-plan.mjs').HostRecord} HostRecord
 * @typedef {import('./host-plan.mjs').VisibleGpu} VisibleGpu
 * @typedef {import('./host-plan.mjs').HiddenGpuEntry} HiddenGpuEntry
 */

/**
 * An attribute as scenarios write it: for all GPUs of the group, one each, or a series.
 * @typedef {number | string | (number | string)[] | { first: number, step: number }} AttributeValue
 */

/**
 * The parts of a scenario that the host's trees come from; see README.md.
 * @typedef {object} Scenario
 * @property {string} name
 * @property {ScenarioGroup[]} groups
 * @property {Partial<import('./host-plan.mjs').HostSection>} [host]
 */

/**
 * @typedef {object} ScenarioGroup
 * @property {number} count
 * @property {'nvidia' | 'vfio-pci' | 'none'} [driver]
 * @property {Record<string, AttributeValue>} attributes
 * @property {{ gpu: number, pid: number, gpuInstance?: number, computeInstance?: number }[]} [processes]
 * @property {{ gpu: number, gpuInstance: number, computeInstance: number }[]} [mig]
 */

/**
 * @param {Scenario} scenario
 * @param {{ driverVersion?: string, uuidOf: (index: number) => string }} driver `uuidOf` names the GPU with an NVML
 *   index, by the rule of the library's state
 * @returns {HostRecord}
 * @throws {RangeError} naming the group and the attribute that is missing or of the wrong kind
 */
export function hostRecordOf(scenario, driver) {
  /** @type {VisibleGpu[]} */
  const gpus = [];
  /** @type {HiddenGpuEntry[]} */
  const hiddenGpus = [];
  for (const [position, group] of scenario.groups.entries()) {
    for (let place = 0; place < group.count; place++) {
      const values = valuesOf(group, place, `groups[${position}]`);
      if (group.driver === undefined || group.driver === 'nvidia') {
        gpus.push(visibleGpu(group, place, values, driver.uuidOf(gpus.length), gpus.length));
      } else {
        hiddenGpus.push(hiddenGpu(group, values));
      }
    }
  }
  return {
    host: { hostname: scenario.name, ...scenario.host, hiddenGpus },
    ...(driver.driverVersion === undefined ? {} : { driverVersion: driver.driverVersion }),
    gpus,
  };
}

/**
 * Reads attributes of one GPU of a group.
 * @param {ScenarioGroup} group
 * @param {number} place of the GPU within the group
 * @param {string} where for messages
 */
function valuesOf(group, place, where) {
  const raw = (/** @type {string} */ name) => {
    const value = group.attributes[name];
    if (Array.isArray(value)) return value[place];
    if (typeof value === 'object') return value.first + place * value.step;
    return value;
  };
  const number = (/** @type {string} */ name) => {
    const value = raw(name);
    if (value !== undefined && typeof value !== 'number') {
      throw new RangeError(`${where}.attributes.${name}: expected a number, got ${JSON.stringify(value)}`);
    }
    return value;
  };
  const needed = (/** @type {string} */ name) => {
    const value = number(name);
    if (value === undefined)
      throw new RangeError(`${where}.attributes.${name} is missing: the host's PCI bus needs it`);
    return value;
  };
  return { number, needed, text: (/** @type {string} */ name) => String(raw(name) ?? '') };
}

/** @typedef {ReturnType<typeof valuesOf>} Values */

/**
 * @param {ScenarioGroup} group
 * @param {number} place
 * @param {Values} values
 * @param {string} uuid
 * @param {number} index
 * @returns {VisibleGpu}
 */
function visibleGpu(group, place, values, uuid, index) {
  const numaNode = values.number('topologyNumaNode');
  const linkGeneration = values.number('pcieGenerationBusy');
  const linkWidth = values.number('pcieWidth');
  const ofThis = (/** @type {{ gpu: number }} */ entry) => entry.gpu === place;
  return {
    minor: values.needed('minorNumber'),
    name: values.text('name'),
    uuid: values.text('uuid') || uuid,
    vbiosVersion: values.text('vbiosVersion').replaceAll('{index}', String(index)),
    address: addressOf(values),
    deviceId: values.needed('pciDeviceId') >>> 16,
    subsystemVendorId: (values.number('pciSubsystemId') ?? 0) & 0xffff,
    subsystemDeviceId: (values.number('pciSubsystemId') ?? 0) >>> 16,
    ...(numaNode === undefined ? {} : { numaNode }),
    ...(linkGeneration === undefined ? {} : { linkGeneration }),
    ...(linkWidth === undefined ? {} : { linkWidth }),
    migEnabled: values.number('migMode') === 1,
    migInstances: (group.mig ?? [])
      .filter(ofThis)
      .map(({ gpuInstance, computeInstance }) => ({ gpuInstance, computeInstance })),
    processes: (group.processes ?? []).filter(ofThis).map(({ pid, gpuInstance, computeInstance }) => ({
      pid,
      ...(gpuInstance === undefined ? {} : { gpuInstance }),
      ...(computeInstance === undefined ? {} : { computeInstance }),
    })),
  };
}

/**
 * @param {ScenarioGroup} group
 * @param {Values} values
 * @returns {HiddenGpuEntry}
 */
function hiddenGpu(group, values) {
  const numaNode = values.number('topologyNumaNode');
  return {
    address: addressOf(values),
    deviceId: values.needed('pciDeviceId') >>> 16,
    subsystemDeviceId: (values.number('pciSubsystemId') ?? 0) >>> 16,
    ...(numaNode === undefined ? {} : { numaNode }),
    ...(group.driver === 'none' || group.driver === undefined ? {} : { driver: group.driver }),
  };
}

/**
 * The sysfs form of a GPU's PCI address.
 * @param {Values} values
 */
function addressOf(values) {
  const part = (/** @type {number} */ value, /** @type {number} */ digits) => value.toString(16).padStart(digits, '0');
  const domain = part(values.number('pciDomain') ?? 0, 4);
  return `${domain}:${part(values.needed('pciBus'), 2)}:${part(values.number('pciDevice') ?? 0, 2)}.0`;
}
