// @ts-check
/**
 * Guesses the attributes of a GPU from what a capture says of it. A guess that is wrong costs nothing but length: what
 * the node then answers otherwise is kept as a raw answer.
 */
import { textOf } from './terminated-text.mjs';

/** @typedef {import('./capture-file.mjs').Capture} Capture */

/** Answers about one GPU, or one of its MIG instances. */
export class Answers {
  /**
   * @param {Capture} capture
   * @param {number} gpu
   */
  constructor(capture, gpu) {
    /** @type {Map<string, import('./capture-file.mjs').Answer>} */
    this.known = new Map();
    for (const answer of capture.answers) {
      if (answer.gpu === gpu)
        this.known.set(keyOf(answer.function, answer.arguments, answer.mig, answer.gpuInstance), answer);
    }
    this.fields = capture.fields.filter((one) => one.gpu === gpu);
  }

  /**
   * What a call filled; undefined where it refused or was not asked.
   * @param {string} name without `nvml`
   * @param {readonly number[]} [args]
   * @param {{ mig?: number, gpuInstance?: number }} [part]
   */
  filled(name, args = [], { mig, gpuInstance } = {}) {
    const answer = this.known.get(keyOf(`nvml${name}`, args, mig, gpuInstance));
    return answer?.code === 0 ? answer.filled : undefined;
  }

  /**
   * Number at an offset of what was filled.
   * @param {string} name
   * @param {{ args?: readonly number[], place?: number, offset?: number, wide?: boolean, mig?: number, gpuInstance?: number }} [where]
   * @returns {number | undefined} undefined also where it is larger than a number can say exactly
   */
  number(name, { args = [], place = 0, offset = 0, wide = false, mig, gpuInstance } = {}) {
    const bytes = this.filled(name, args, {
      ...(mig === undefined ? {} : { mig }),
      ...(gpuInstance === undefined ? {} : { gpuInstance }),
    })?.[place];
    if (bytes === undefined || bytes.length < offset + (wide ? 8 : 4)) return undefined;
    if (!wide) return bytes.readUInt32LE(offset);
    const value = Number(bytes.readBigUInt64LE(offset));
    return Number.isSafeInteger(value) ? value : undefined;
  }

  /**
   * @param {string} name
   * @param {{ mig?: number }} [part]
   */
  text(name, part = {}) {
    const bytes = this.filled(name, [], part)?.[0];
    return bytes === undefined ? undefined : textOf(bytes);
  }

  /**
   * @param {number} id of a field
   * @param {number} [scope]
   * @returns {number | undefined}
   */
  field(id, scope = 0) {
    const value = this.fields.find((one) => one.scope === scope)?.values.get(id);
    if (value === undefined) return undefined;
    const wide = value.type === 2 || value.type === 3;
    const number =
      value.type === 5 ? Number(BigInt.asIntN(32, value.bits)) : Number(BigInt.asUintN(wide ? 64 : 32, value.bits));
    return Number.isSafeInteger(number) ? number : undefined;
  }
}

/** @typedef {Map<string, number | string>} Attributes */

/** Attribute, function: a number that the function fills first. */
const NUMBERS = /** @type {const} */ ([
  ['minorNumber', 'DeviceGetMinorNumber'],
  ['brand', 'DeviceGetBrand'],
  ['architecture', 'DeviceGetArchitecture'],
  ['cudaCores', 'DeviceGetNumGpuCores'],
  ['moduleId', 'DeviceGetModuleId'],
  ['memoryNumaNode', 'DeviceGetNumaNodeId'],
  ['persistenceMode', 'DeviceGetPersistenceMode'],
  ['computeMode', 'DeviceGetComputeMode'],
  ['displayActive', 'DeviceGetDisplayActive'],
  ['accountingMode', 'DeviceGetAccountingMode'],
  ['virtualizationMode', 'DeviceGetVirtualizationMode'],
  ['memoryBusWidthBits', 'DeviceGetMemoryBusWidth'],
  ['powerLimitDefaultMilliwatts', 'DeviceGetPowerManagementDefaultLimit'],
  ['powerLimitMilliwatts', 'DeviceGetPowerManagementLimit'],
  ['powerLimitEnforcedMilliwatts', 'DeviceGetEnforcedPowerLimit'],
  ['powerSource', 'DeviceGetPowerSource'],
  ['pcieGenerationMax', 'DeviceGetMaxPcieLinkGeneration'],
  ['pcieGenerationGpuMax', 'DeviceGetGpuMaxPcieLinkGeneration'],
  ['pcieWidth', 'DeviceGetCurrPcieLinkWidth'],
  ['pcieWidthMax', 'DeviceGetMaxPcieLinkWidth'],
  ['migDevicesMax', 'DeviceGetMaxMigDeviceCount'],
  ['fans', 'DeviceGetNumFans'],
  ['fanSpeedPercent', 'DeviceGetFanSpeed'],
  ['encoderUtilizationPercent', 'DeviceGetEncoderUtilization'],
  ['decoderUtilizationPercent', 'DeviceGetDecoderUtilization'],
  ['jpegUtilizationPercent', 'DeviceGetJpgUtilization'],
  ['ofaUtilizationPercent', 'DeviceGetOfaUtilization'],
]);

/** Attribute, function, and where the number is. */
const PLACED = /** @type {const} */ ([
  ['computeCapabilityMajor', 'DeviceGetCudaComputeCapability', {}],
  ['computeCapabilityMinor', 'DeviceGetCudaComputeCapability', { place: 1 }],
  ['powerLimitMinMilliwatts', 'DeviceGetPowerManagementLimitConstraints', {}],
  ['powerLimitMaxMilliwatts', 'DeviceGetPowerManagementLimitConstraints', { place: 1 }],
  ['eccMode', 'DeviceGetEccMode', {}],
  ['eccModePending', 'DeviceGetEccMode', { place: 1 }],
  ['migMode', 'DeviceGetMigMode', {}],
  ['migModePending', 'DeviceGetMigMode', { place: 1 }],
  ['pciDomain', 'DeviceGetPciInfo_v3', { offset: 16 }],
  ['pciBus', 'DeviceGetPciInfo_v3', { offset: 20 }],
  ['pciDevice', 'DeviceGetPciInfo_v3', { offset: 24 }],
  ['pciDeviceId', 'DeviceGetPciInfo_v3', { offset: 28 }],
  ['pciSubsystemId', 'DeviceGetPciInfo_v3', { offset: 32 }],
  ['thresholdShutdownCelsius', 'DeviceGetTemperatureThreshold', { args: [0] }],
  ['thresholdSlowdownCelsius', 'DeviceGetTemperatureThreshold', { args: [1] }],
  ['thresholdMemoryMaxCelsius', 'DeviceGetTemperatureThreshold', { args: [2] }],
  ['thresholdGpuMaxCelsius', 'DeviceGetTemperatureThreshold', { args: [3] }],
  ['thresholdAcousticCelsius', 'DeviceGetTemperatureThreshold', { args: [5] }],
  ['bar1TotalBytes', 'DeviceGetBAR1MemoryInfo', { wide: true }],
  ['bar1UsedBytes', 'DeviceGetBAR1MemoryInfo', { offset: 16, wide: true }],
  ['energyMillijoules', 'DeviceGetTotalEnergyConsumption', { wide: true }],
  ['eventTypesSupported', 'DeviceGetSupportedEventTypes', { wide: true }],
  ['encoderSessions', 'DeviceGetEncoderStats', {}],
  ['encoderAverageFramesPerSecond', 'DeviceGetEncoderStats', { place: 1 }],
  ['encoderAverageLatencyMicroseconds', 'DeviceGetEncoderStats', { place: 2 }],
  ['captureSessions', 'DeviceGetFBCStats', {}],
  ['captureAverageFramesPerSecond', 'DeviceGetFBCStats', { offset: 4 }],
  ['captureAverageLatencyMicroseconds', 'DeviceGetFBCStats', { offset: 8 }],
  ['encoderCapacityH264Percent', 'DeviceGetEncoderCapacity', { args: [0] }],
  ['encoderCapacityHevcPercent', 'DeviceGetEncoderCapacity', { args: [1] }],
  ['encoderCapacityAv1Percent', 'DeviceGetEncoderCapacity', { args: [2] }],
  ['remapBanksMax', 'DeviceGetRowRemapperHistogram', {}],
  ['remapBanksHigh', 'DeviceGetRowRemapperHistogram', { offset: 4 }],
  ['remapBanksPartial', 'DeviceGetRowRemapperHistogram', { offset: 8 }],
  ['remapBanksLow', 'DeviceGetRowRemapperHistogram', { offset: 12 }],
  ['remapBanksNone', 'DeviceGetRowRemapperHistogram', { offset: 16 }],
  ['channelRepairPending', 'DeviceGetRepairStatus', { args: [0x0100000c], offset: 4 }],
  ['tpcRepairPending', 'DeviceGetRepairStatus', { args: [0x0100000c], offset: 8 }],
  ['memoryUnrepairable', 'DeviceGetUnrepairableMemoryFlag_v1', {}],
  ['dramEncryption', 'DeviceGetDramEncryptionMode', { args: [0x01000008, 0x01000008], offset: 4 }],
  ['dramEncryptionPending', 'DeviceGetDramEncryptionMode', { args: [0x01000008, 0x01000008], place: 1, offset: 4 }],
  ['fanTargetPercent', 'DeviceGetTargetFanSpeed', { args: [0] }],
  ['fanSpeedRevolutionsPerMinute', 'DeviceGetFanSpeedRPM', { args: [0x0100000c, 0], offset: 8 }],
  ['sramParityVolatile', 'DeviceGetSramEccErrorStatus', { args: [0x01000068], offset: 32, wide: true }],
  ['sramParityAggregate', 'DeviceGetSramEccErrorStatus', { args: [0x01000068], offset: 8, wide: true }],
  ['sramL2Aggregate', 'DeviceGetSramEccErrorStatus', { args: [0x01000068], offset: 56, wide: true }],
  ['sramMultiprocessorAggregate', 'DeviceGetSramEccErrorStatus', { args: [0x01000068], offset: 64, wide: true }],
  ['sramPcieAggregate', 'DeviceGetSramEccErrorStatus', { args: [0x01000068], offset: 72, wide: true }],
  ['sramMicrocontrollerAggregate', 'DeviceGetSramEccErrorStatus', { args: [0x01000068], offset: 80, wide: true }],
  ['sramThresholdExceeded', 'DeviceGetSramEccErrorStatus', { args: [0x01000068], offset: 96 }],
  ['nvlinkVersion', 'DeviceGetNvLinkVersion', { args: [0] }],
  ['nvlinkRemoteType', 'DeviceGetNvLinkRemoteDeviceType', { args: [0] }],
  ['nvlinkRemoteBus', 'DeviceGetNvLinkRemotePciInfo_v2', { args: [0], offset: 20 }],
  ['nvlinkRemoteDeviceId', 'DeviceGetNvLinkRemotePciInfo_v2', { args: [0], offset: 28 }],
  ['nvlinkCrcDataErrors', 'DeviceGetNvLinkErrorCounter', { args: [0, 3], wide: true }],
  ['nvlinkEccDataErrors', 'DeviceGetNvLinkErrorCounter', { args: [0, 4], wide: true }],
]);

const TEXTS = /** @type {const} */ ([
  ['uuid', 'DeviceGetUUID'],
  ['name', 'DeviceGetName'],
  ['serial', 'DeviceGetSerial'],
  ['boardPartNumber', 'DeviceGetBoardPartNumber'],
  ['vbiosVersion', 'DeviceGetVbiosVersion'],
  ['inforomImageVersion', 'DeviceGetInforomImageVersion'],
]);

/** Attribute, field id, scope. */
const FIELDS = /** @type {const} */ ([
  ['throttlePowerCapNanoseconds', 74, 0],
  ['violationThermalNanoseconds', 75, 0],
  ['throttleSyncBoostNanoseconds', 76, 0],
  ['violationBoardLimitNanoseconds', 77, 0],
  ['violationLowUtilizationNanoseconds', 78, 0],
  ['violationReliabilityNanoseconds', 79, 0],
  ['violationApplicationClocksNanoseconds', 80, 0],
  ['violationBaseClocksNanoseconds', 81, 0],
  ['retiredPagesSingleBit', 29, 0],
  ['retiredPagesDoubleBit', 30, 0],
  ['retiredPagesPending', 31, 0],
  ['nvlinks', 91, 0],
  ['pcieReplays', 94, 0],
  ['pcieReplayRollovers', 95, 0],
  ['pcieRecoveries', 169, 0],
  ['pcieCorrectableErrors', 173, 0],
  ['pcieNaksReceived', 174, 0],
  ['pcieReceiverErrors', 175, 0],
  ['pcieBadTlps', 176, 0],
  ['pcieNaksSent', 177, 0],
  ['pcieBadDllps', 178, 0],
  ['pcieNonFatalErrors', 179, 0],
  ['pcieFatalErrors', 180, 0],
  ['pcieUnsupportedRequests', 181, 0],
  ['pcieLcrcErrors', 182, 0],
  ['pcieLaneErrors', 183, 0],
  ['pcieTransmittedBytes', 197, 0],
  ['pcieReceivedBytes', 198, 0],
  ['remappedRowsCorrected', 142, 0],
  ['remappedRowsUncorrected', 143, 0],
  ['remappedRowsPending', 144, 0],
  ['remappedRowsFailure', 145, 0],
  ['nvlinkDataTransmittedKibibytes', 138, 0],
  ['nvlinkDataReceivedKibibytes', 139, 0],
  ['nvlinkReplayErrors', 161, 0],
  ['nvlinkRecoveryErrors', 162, 0],
  ['nvlinkCrcErrors', 163, 0],
  ['nvlinkRemoteLink', 146, 0],
  ['nvlinkTransmittedPackets', 201, 0],
  ['nvlinkTransmittedBytes', 202, 0],
  ['nvlinkReceivedPackets', 203, 0],
  ['nvlinkReceivedBytes', 204, 0],
  ['nvlinkMalformedPacketErrors', 206, 0],
  ['nvlinkBufferOverrunErrors', 207, 0],
  ['nvlinkReceiveErrors', 208, 0],
  ['nvlinkReceiveRemoteErrors', 209, 0],
  ['nvlinkReceiveGeneralErrors', 210, 0],
  ['nvlinkLinkIntegrityErrors', 211, 0],
  ['nvlinkTransmitDiscards', 212, 0],
  ['nvlinkRecoveriesSuccessful', 213, 0],
  ['nvlinkRecoveriesFailed', 214, 0],
  ['nvlinkRecoveryEvents', 215, 0],
  ['nvlinkEffectiveErrors', 219, 0],
  ['nvlinkEffectiveBitErrors', 220, 0],
  ['nvlinkSymbolErrors', 221, 0],
  ['nvlinkSymbolBitErrors', 222, 0],
  ['nvlinkFecCorrected', 235, 0],
  ['c2cLinks', 170, 0],
  ['c2cLinkSpeedMegabytesPerSecond', 172, 0],
  ['c2cInterruptErrors', 231, 0],
  ['c2cReplayErrors', 232, 0],
  ['c2cReplayBackToBackErrors', 233, 0],
  ['tlimitShutdownCelsius', 193, 0],
  ['tlimitSlowdownCelsius', 194, 0],
  ['tlimitMemoryMaxCelsius', 195, 0],
  ['tlimitGpuMaxCelsius', 196, 0],
  ['recoveryAction', 230, 0],
  ['memoryPowerAverageMilliwatts', 185, 2],
  ['memoryPowerInstantMilliwatts', 186, 2],
  ['memoryEnergyMillijoules', 191, 2],
  ['modulePowerLimitMilliwatts', 192, 1],
  ['modulePowerLimitEnforcedMilliwatts', 190, 1],
  ['modulePowerLimitDefaultMilliwatts', 189, 1],
  ['modulePowerLimitMinMilliwatts', 187, 1],
  ['modulePowerLimitMaxMilliwatts', 188, 1],
  ['moduleEnergyMillijoules', 191, 1],
]);

/** Attribute, and its field by the branch whose library is used; others have none. */
const MOVED = /** @type {const} */ ([
  ['throttleSwThermalNanoseconds', { 580: 251, 590: 269 }],
  ['throttleHwThermalNanoseconds', { 580: 252, 590: 270 }],
  ['throttlePowerBrakeNanoseconds', { 580: 253, 590: 271 }],
]);

const CLOCKS = ['graphics', 'sm', 'memory', 'video'];
/** Numbers of the driver's memory locations. */
const LOCATIONS = /** @type {const} */ ([
  ['L1', 0],
  ['L2', 1],
  ['Dram', 2],
  ['RegisterFile', 3],
  ['Texture', 4],
  ['Cbu', 6],
  ['Sram', 7],
]);
const IDLE_BIT = 0x1;
const MEMORY_V2 = 0x02000028;

/**
 * @param {Answers} answers
 * @param {{ usedByProcessesBytes: number, numaNode: number | undefined, branch: string }} known
 * @returns {{ attributes: Attributes, percent: number }} `percent`: the load that stands still in the scenario
 */
export function guessGpu(answers, { usedByProcessesBytes, numaNode, branch }) {
  /** @type {Attributes} */
  const attributes = new Map();
  const set = (/** @type {string} */ name, /** @type {number | string | undefined} */ value) => {
    if (value !== undefined) attributes.set(name, value);
  };
  for (const [name, call] of TEXTS) set(name, answers.text(call));
  for (const [name, call] of NUMBERS) set(name, answers.number(call));
  for (const [name, call, where] of PLACED) set(name, answers.number(call, where));
  for (const [name, id, scope] of FIELDS) set(name, answers.field(id, scope));
  for (const [name, ids] of MOVED) {
    const id = /** @type {Record<string, number>} */ (ids)[branch];
    if (id !== undefined) set(name, answers.field(id));
  }
  set('nvlinkSpeedMegabytesPerSecond', answers.field(164) ?? answers.field(90));
  set('gspFirmware', answers.filled('DeviceGetGspFirmwareVersion') === undefined ? undefined : 1);
  set('topologyNumaNode', numaNode);

  const reasons =
    answers.number('DeviceGetCurrentClocksEventReasons', { wide: true }) ??
    answers.number('DeviceGetCurrentClocksThrottleReasons', { wide: true });
  // A divided GPU does not say how busy it is, but whether it is idle.
  const percent = answers.number('DeviceGetUtilizationRates') ?? (reasons === undefined || reasons % 2 === 1 ? 0 : 1);
  // Idleness follows from the load.
  if (reasons !== undefined)
    set('clocksEventReasons', percent === 0 && reasons % 2 === 1 ? reasons - IDLE_BIT : reasons);
  const memoryPercent = answers.number('DeviceGetUtilizationRates', { offset: 4 });
  // Rounded down after multiplication with the load, so here it is rounded up.
  if (memoryPercent !== undefined) {
    set('memoryUtilizationFullLoadPercent', percent === 0 ? 0 : Math.ceil((memoryPercent * 100) / percent));
  }
  guessMemory(answers, usedByProcessesBytes, set);
  guessSteady(answers, set);
  guessErrors(answers, set);
  guessLinks(answers, attributes, set);
  guessRack(answers, set);
  return { attributes, percent };
}

/**
 * @param {Answers} answers
 * @param {number} usedByProcessesBytes
 * @param {(name: string, value: number | string | undefined) => void} set
 */
function guessMemory(answers, usedByProcessesBytes, set) {
  const at = (/** @type {number} */ offset) =>
    answers.number('DeviceGetMemoryInfo_v2', { args: [MEMORY_V2], offset, wide: true });
  const older = (/** @type {number} */ offset) => answers.number('DeviceGetMemoryInfo', { offset, wide: true });
  const used = at(32) ?? older(16);
  set('memoryTotalBytes', at(8) ?? older(0));
  set('memoryReservedBytes', at(16) ?? 0);
  if (used !== undefined) set('memoryUsedBytes', Math.max(0, used - usedByProcessesBytes));
  const protectedTotal = answers.number('DeviceGetConfComputeProtectedMemoryUsage', { wide: true });
  if (protectedTotal === undefined || protectedTotal === 0) return;
  set('confidentialMemoryTotalBytes', protectedTotal);
  set(
    'confidentialMemoryUsedBytes',
    answers.number('DeviceGetConfComputeProtectedMemoryUsage', { offset: 16, wide: true }),
  );
}

/**
 * What moves with the load stands still: it was seen at one load only.
 * @param {Answers} answers
 * @param {(name: string, value: number | string | undefined) => void} set
 */
function guessSteady(answers, set) {
  for (const [number, clock] of CLOCKS.entries()) {
    const now = answers.number('DeviceGetClockInfo', { args: [number] });
    set(`${clock}ClockIdleMegahertz`, now);
    set(`${clock}ClockBusyMegahertz`, now);
    set(`${clock}ClockMaxMegahertz`, answers.number('DeviceGetMaxClockInfo', { args: [number] }));
    set(`${clock}ClockCustomerBoostMegahertz`, answers.number('DeviceGetMaxCustomerBoostClock', { args: [number] }));
  }
  const both = (/** @type {string} */ name, /** @type {string} */ unit, /** @type {number | undefined} */ value) => {
    set(`${name}Idle${unit}`, value);
    set(`${name}FullLoad${unit}`, value);
  };
  both('power', 'Milliwatts', answers.number('DeviceGetPowerUsage'));
  both('modulePower', 'Milliwatts', answers.field(186, 1));
  both('memoryTemperature', 'Celsius', answers.field(82));
  const celsius =
    answers.number('DeviceGetTemperatureV', { args: [0x0100000c, 0], offset: 8 }) ??
    answers.number('DeviceGetTemperature', { args: [0] });
  both('temperature', 'Celsius', celsius);
  const margin = answers.number('DeviceGetMarginTemperature', { args: [0x01000008], offset: 4 });
  if (margin !== undefined && celsius !== undefined) set('temperatureMarginReferenceCelsius', (margin | 0) + celsius);
  const state = answers.number('DeviceGetPerformanceState');
  set('performanceStateIdle', state);
  set('performanceStateBusy', state);
  const generation = answers.number('DeviceGetCurrPcieLinkGeneration');
  set('pcieGenerationIdle', generation);
  set('pcieGenerationBusy', generation);
}

/**
 * @param {Answers} answers
 * @param {(name: string, value: number | string | undefined) => void} set
 */
function guessErrors(answers, set) {
  for (const [kind, kindName] of ['Corrected', 'Uncorrected'].entries()) {
    for (const [span, spanName] of ['Volatile', 'Aggregate'].entries()) {
      for (const [place, location] of LOCATIONS) {
        const counted = answers.number('DeviceGetMemoryErrorCounter', { args: [kind, span, location], wide: true });
        if (place === 'Cbu' && kindName === 'Corrected') continue;
        set(`ecc${kindName}${spanName}${place}`, counted);
      }
    }
  }
}

/**
 * @param {Answers} answers
 * @param {Attributes} attributes
 * @param {(name: string, value: number | string | undefined) => void} set
 */
function guessLinks(answers, attributes, set) {
  const links = Number(attributes.get('nvlinks') ?? 0);
  const bits = (/** @type {number} */ count, /** @type {(link: number) => number | undefined} */ of) => {
    let mask;
    for (let link = 0; link < count; link += 1) {
      const bit = of(link);
      if (bit !== undefined) mask = (mask ?? 0) + (bit % 2) * 2 ** link;
    }
    return mask;
  };
  set(
    'nvlinksActive',
    bits(links, (link) => answers.number('DeviceGetNvLinkState', { args: [link] })),
  );
  set(
    'nvlinksLowPower',
    bits(links, (link) => answers.field(167, link)),
  );
  const chipLinks = Number(attributes.get('c2cLinks') ?? 0);
  set(
    'c2cLinksActive',
    bits(chipLinks, (link) => answers.field(171, link)),
  );
  set(
    'c2cLinksLowPower',
    bits(chipLinks, (link) => answers.field(234, link)),
  );
}

/**
 * @param {Answers} answers
 * @param {(name: string, value: number | string | undefined) => void} set
 */
function guessRack(answers, set) {
  const platform = answers.filled('DeviceGetPlatformInfo', [0x0200002c])?.[0];
  if (platform !== undefined && platform.length >= 41) {
    set('platformInfinibandGuid', platform.toString('hex', 4, 20));
    set('platformChassisSerial', textOf(platform.subarray(20, 36)));
    for (const [place, name] of ['Slot', 'Tray', 'HostId', 'PeerType', 'ModuleId'].entries()) {
      set(`platform${name}`, platform[36 + place]);
    }
  }
  const fabric =
    answers.filled('DeviceGetGpuFabricInfoV', [0x03000028])?.[0] ??
    answers.filled('DeviceGetGpuFabricInfoV', [0x02000024])?.[0];
  if (fabric === undefined || fabric.length < 36) return;
  set('fabricClusterUuid', uuidOf(fabric.subarray(4, 20)));
  set('fabricStatus', fabric.readUInt32LE(20));
  set('fabricCliqueId', fabric.readUInt32LE(24));
  set('fabricState', fabric[28]);
  set('fabricHealthMask', fabric.readUInt32LE(32));
  if (fabric.length >= 37) set('fabricHealthSummary', fabric[36]);
}

/** @param {Buffer} bytes */
function uuidOf(bytes) {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * @param {string} name
 * @param {readonly number[]} args
 * @param {number | undefined} mig
 * @param {number | undefined} gpuInstance
 */
function keyOf(name, args, mig, gpuInstance) {
  return `${name}/${mig ?? '-'}/${gpuInstance ?? '-'}/${args.join(',')}`;
}
