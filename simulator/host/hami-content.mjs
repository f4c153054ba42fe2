// @ts-check
/**
 * What a usage file says, free of any layout. 64-bit counters take a bigint where a number is too narrow: a
 * container may write any bits, and tests must be able to.
 */

/** @typedef {number | bigint} Unsigned64 */

/**
 * @typedef {object} UsageDevice
 * @property {string} uuid as the container's own NVML shows it, at most 96 bytes
 * @property {Unsigned64} [limitBytes] 0 or absent = unlimited, as HAMi stores it
 * @property {Unsigned64} [smLimitPercent] absent = 100, which is what HAMi stores for "no limit asked for"
 */

/**
 * One process on one device.
 * @typedef {object} UsageOnDevice
 * @property {Unsigned64} [contextBytes]
 * @property {Unsigned64} [moduleBytes] never written by current releases
 * @property {Unsigned64} [dataBytes]
 * @property {Unsigned64} [offsetBytes] never written by current releases
 * @property {Unsigned64} [totalBytes] absent = the sum of the other four
 * @property {Unsigned64} [driverReportedBytes] what NVML reports for the process ("monitorused")
 * @property {Unsigned64} [smUtilPercent] 0-100; not in pre-v0
 * @property {Unsigned64} [encoderUtilPercent]
 * @property {Unsigned64} [decoderUtilPercent]
 */

/**
 * @typedef {object} UsageProcess
 * @property {number} pid in the container's PID namespace; 0 = exited
 * @property {number} [hostPid] 0 or absent = the library could not find it out
 * @property {0 | 1 | 2 | number} [status] 0 exited, 1 running (absent = 1), 2 suspended
 * @property {Unsigned64} [seqlock] even = stable; not in pre-v0, v0 and 1.1
 * @property {readonly UsageOnDevice[]} [devices] in the order of `UsageContent.devices`
 */

/**
 * @typedef {object} UsageContent
 * @property {readonly UsageDevice[]} devices at most 16
 * @property {readonly UsageProcess[]} [processes] at most 1024
 * @property {Unsigned64} [deviceCount] absent = number of `devices`
 * @property {number} [processCount] absent = number of `processes`
 * @property {Unsigned64} [ownerPid] holder of the table's lock; 0 or absent = free
 * @property {number} [utilizationSwitch] absent = 1, as created
 * @property {number} [recentKernel] absent = 2, as created
 * @property {number} [priority] 0 = high, 1 = low (absent = 1)
 * @property {Unsigned64} [lastKernelUnixSeconds] only the 1.x layouts store it
 */

export {};
