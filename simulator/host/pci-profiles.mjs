// @ts-check
/**
 * What the PCI configuration space of each GPU model says, by PCI device id: the shape of its BARs, its link and its
 * SR-IOV capability. Sizes are those the boards report; only addresses are made up.
 */

/** @typedef {import('./plan.mjs').BarPlan} BarPlan */

/**
 * @typedef {object} PciProfile
 * @property {readonly (readonly [line: number, sizeBytes: number, flags: number])[]} bars
 * @property {number} linkGeneration highest PCIe generation
 * @property {number} [sriovTotalVfs]
 */

const MIB = 1_048_576;
const GIB = 1_073_741_824;
/** 32-bit, not prefetchable. */
const REGISTERS_32 = 0x40200;
/** 64-bit, prefetchable. */
const WINDOW_64 = 0x14220c;

/**
 * @param {number} windowBytes
 * @returns {PciProfile['bars']}
 */
const upToAmpere = (windowBytes) => [
  [0, 16 * MIB, REGISTERS_32],
  [1, windowBytes, WINDOW_64],
  [3, 32 * MIB, WINDOW_64],
];

/**
 * From Hopper on every BAR is 64 bits wide.
 * @param {number} windowBytes
 * @returns {PciProfile['bars']}
 */
const sinceHopper = (windowBytes) => [
  [0, 16 * MIB, WINDOW_64],
  [2, windowBytes, WINDOW_64],
  [4, 32 * MIB, WINDOW_64],
];

/** @type {ReadonlyMap<number, PciProfile>} */
const PROFILES = new Map([
  [0x20b0, { bars: upToAmpere(64 * GIB), linkGeneration: 4, sriovTotalVfs: 16 }],
  [0x20b2, { bars: upToAmpere(128 * GIB), linkGeneration: 4, sriovTotalVfs: 20 }],
  [0x20f1, { bars: upToAmpere(64 * GIB), linkGeneration: 4, sriovTotalVfs: 16 }],
  [0x20b5, { bars: upToAmpere(128 * GIB), linkGeneration: 4, sriovTotalVfs: 20 }],
  [0x1eb8, { bars: upToAmpere(256 * MIB), linkGeneration: 3 }],
  [0x2331, { bars: sinceHopper(128 * GIB), linkGeneration: 5, sriovTotalVfs: 32 }],
  [0x2330, { bars: sinceHopper(128 * GIB), linkGeneration: 5, sriovTotalVfs: 32 }],
  [0x2941, { bars: sinceHopper(512 * GIB), linkGeneration: 6, sriovTotalVfs: 32 }],
  [0x2702, { bars: upToAmpere(16 * GIB), linkGeneration: 4 }],
  [0x26b9, { bars: upToAmpere(64 * GIB), linkGeneration: 4, sriovTotalVfs: 32 }],
]);

/**
 * @param {number} deviceId
 * @returns {PciProfile}
 * @throws {RangeError} for a model that has no profile yet
 */
export function pciProfile(deviceId) {
  const profile = PROFILES.get(deviceId);
  if (profile === undefined) {
    const known = [...PROFILES.keys()].map((id) => `0x${id.toString(16)}`).join(', ');
    throw new RangeError(`PCI device 0x${deviceId.toString(16)} has no profile, expected one of ${known}`);
  }
  return profile;
}

/**
 * Windows of a function at addresses that no other function of the host has.
 * @param {PciProfile} profile
 * @param {number} position of the function on the host
 * @returns {BarPlan[]}
 */
export function placeBars(profile, position) {
  const low = 0x8000_0000 + position * 64 * MIB;
  const high = 0x2000_0000_0000 + position * 512 * GIB;
  return profile.bars.map(([line, sizeBytes, flags], index) => ({
    line,
    // A window lies at a multiple of its size; the three windows of one function never overlap.
    startAddress: flags === REGISTERS_32 ? low : high + (sizeBytes >= GIB ? 128 * GIB : index * 256 * MIB),
    sizeBytes,
    flags,
  }));
}
