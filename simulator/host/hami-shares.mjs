// @ts-check
/**
 * Contents of HAMi usage files from a scenario, at an instant: what a container uses moves as its kernels and
 * allocations come and go, always within its limits and in step with nothing but the time it is asked for.
 */

/**
 * @typedef {import('./hami-content.mjs').UsageContent} UsageContent
 * @typedef {import('./hami-content.mjs').UsageOnDevice} UsageOnDevice
 * @typedef {import('./hami-layouts.mjs').LayoutName} LayoutName
 */

/**
 * One process's use of one share as written in a scenario.
 * @typedef {object} ShareUseEntry
 * @property {number} contextBytes
 * @property {number} dataBytes
 * @property {number} [driverReportedBytes] absent = context and data and a little the library does not see
 * @property {number} [smUtilPercent]
 */

/**
 * The `hami` part of a pod workload.
 * @typedef {object} HamiEntry
 * @property {LayoutName} [layout] absent = 1.2
 * @property {{ gpu: number | string, limitBytes?: number, smLimitPercent?: number }[]} shares `gpu`: NVML index, or a UUID
 * @property {number} [priority]
 * @property {number} [utilizationSwitch]
 * @property {number} [recentKernel]
 * @property {number} [lastKernelSecondsBefore] seconds between the last kernel and the instant asked for; absent = none yet
 * @property {Record<number, ShareUseEntry[]>} [uses] by host pid, in the order of `shares`; absent = nobody started yet
 * @property {number[]} [suspended] host pids that are suspended
 * @property {{ amplitudeRatio: number, periodSeconds: number }} [motion] absent = the values stand still
 * @property {string} [damage] a kind of hami-damage.mjs
 */

/** What a driver counts beyond what the library intercepts, on a process with a context. */
const UNSEEN_BYTES = 13_631_488;

/**
 * @param {HamiEntry} entry
 * @param {(gpu: number) => string} uuidOf
 * @param {number} unixSeconds the instant; values repeat with the entry's period
 * @returns {UsageContent | undefined} undefined while no process of the container has started
 */
export function usageContentAt(entry, uuidOf, unixSeconds) {
  if (entry.uses === undefined) return undefined;
  const suspended = new Set(entry.suspended ?? []);
  const swing = swingAt(entry.motion, unixSeconds);
  return {
    devices: entry.shares.map((share) => ({
      uuid: typeof share.gpu === 'number' ? uuidOf(share.gpu) : share.gpu,
      ...(share.limitBytes === undefined ? {} : { limitBytes: share.limitBytes }),
      ...(share.smLimitPercent === undefined ? {} : { smLimitPercent: share.smLimitPercent }),
    })),
    processes: Object.entries(entry.uses).map(([hostPid, uses], index) => ({
      pid: index + 1,
      hostPid: Number(hostPid),
      status: suspended.has(Number(hostPid)) ? 2 : 1,
      seqlock: 2 * uses.length,
      devices: uses.map((use) => useAt(use, swing)),
    })),
    priority: entry.priority ?? 1,
    utilizationSwitch: entry.utilizationSwitch ?? 1,
    recentKernel: entry.recentKernel ?? 2,
    lastKernelUnixSeconds:
      entry.lastKernelSecondsBefore === undefined ? 0 : Math.floor(unixSeconds - entry.lastKernelSecondsBefore),
  };
}

/**
 * @param {ShareUseEntry} use
 * @param {number} swing factor around 1
 * @returns {UsageOnDevice}
 */
function useAt(use, swing) {
  // Allocations come in units of 2 MiB; the scenario's own figure stays exact while nothing moves.
  const dataBytes = swing === 1 ? use.dataBytes : Math.floor((use.dataBytes * swing) / 2_097_152) * 2_097_152;
  const unseen = use.contextBytes + use.dataBytes === 0 ? 0 : UNSEEN_BYTES;
  return {
    contextBytes: use.contextBytes,
    dataBytes,
    driverReportedBytes:
      (use.driverReportedBytes ?? use.contextBytes + use.dataBytes + unseen) + dataBytes - use.dataBytes,
    smUtilPercent: Math.min(100, Math.round((use.smUtilPercent ?? 0) * swing)),
  };
}

/**
 * Between 1 − amplitude and 1, so that what moves never passes the limit that the resting value keeps.
 * @param {HamiEntry['motion']} motion
 * @param {number} unixSeconds
 */
function swingAt(motion, unixSeconds) {
  if (motion === undefined) return 1;
  const phase = (2 * Math.PI * unixSeconds) / motion.periodSeconds;
  return 1 - (motion.amplitudeRatio * (1 - Math.cos(phase))) / 2;
}
