// @ts-check
/**
 * The five binary layouts of HAMi's shared-memory usage file, little-endian, natural alignment. The numbers are the
 * offsets and sizes of the structures in the HAMi-core releases named beside each layout; they are typed here on
 * their own so that an error in a reader's table cannot cancel against the same error in the generator's.
 */

/** Devices a region has room for. */
export const DEVICE_SLOTS = 16;
/** Processes a region has room for. */
export const PROCESS_SLOTS = 1024;
/** Bytes reserved for one UUID text. */
export const UUID_BYTES = 96;
/** First 32-bit word of an initialised region. */
export const MAGIC = 19_920_718;

/**
 * Byte offsets inside one process slot. A field that the layout lacks is undefined.
 * @typedef {object} SlotLayout
 * @property {number} sizeBytes distance between two slots
 * @property {number} [seqlock] u64
 * @property {number} used first of 16 memory elements
 * @property {number} memoryElementBytes distance between two memory elements
 * @property {number} monitorUsed first of 16 u64
 * @property {number} [utilization] first of 16 utilisation elements
 * @property {number} [utilizationElementBytes] distance between two utilisation elements
 * @property {number} status i32
 */

/**
 * Byte offsets inside the region.
 * @typedef {object} RegionLayout
 * @property {string} name
 * @property {readonly [number, number] | undefined} version major and minor as stored; undefined = not stored
 * @property {number} smInitFlag i32
 * @property {number} ownerPid u64
 * @property {readonly number[]} semaphores 32 bytes each, glibc sem_t
 * @property {number} deviceCount u64
 * @property {number} uuids 16 texts of 96 bytes
 * @property {number} memoryLimits 16 u64, bytes
 * @property {number} smLimits 16 u64, percent
 * @property {number} slots first process slot
 * @property {number} processCount i32
 * @property {number} utilizationSwitch i32
 * @property {number} recentKernel i32
 * @property {number} priority i32
 * @property {number} [lastKernelTime] u64, Unix seconds
 * @property {number} fileBytes size of the file: the region and one byte
 * @property {SlotLayout} slot
 */

/** @type {SlotLayout} */
const slotPreV0 = { sizeBytes: 784, used: 8, memoryElementBytes: 40, monitorUsed: 648, status: 776 };

/** @type {SlotLayout} */
const slotV0 = {
  ...slotPreV0,
  sizeBytes: 1168,
  utilization: 776,
  utilizationElementBytes: 24,
  status: 1160,
};

/** @type {SlotLayout} */
const slotV1 = {
  sizeBytes: 1960,
  used: 8,
  memoryElementBytes: 64,
  monitorUsed: 1032,
  utilization: 1160,
  utilizationElementBytes: 48,
  status: 1928,
};

/** @type {RegionLayout} */
const regionV1 = {
  name: '1.1',
  version: [1, 1],
  smInitFlag: 12,
  ownerPid: 16,
  semaphores: [24],
  deviceCount: 56,
  uuids: 64,
  memoryLimits: 1600,
  smLimits: 1728,
  slots: 1856,
  processCount: 2_008_896,
  utilizationSwitch: 2_008_900,
  recentKernel: 2_008_904,
  priority: 2_008_908,
  lastKernelTime: 2_008_912,
  fileBytes: 2_008_953,
  slot: slotV1,
};

/**
 * All layouts by name. `pre-v0`: HAMi-core January to April 2024. `v0`: HAMi 2.3 and 2.4.0. `1.1`: HAMi 2.4.1 to
 * 2.8.0. `1.1-shifted`: HAMi 2.8.1 only, which says 1.1 in its header although a second semaphore moved everything
 * by 32 bytes. `1.2`: HAMi 2.8.2 and later.
 * @type {Readonly<Record<LayoutName, RegionLayout>>}
 */
export const LAYOUTS = {
  'pre-v0': {
    name: 'pre-v0',
    version: undefined,
    smInitFlag: 4,
    ownerPid: 8,
    semaphores: [16],
    deviceCount: 48,
    uuids: 56,
    memoryLimits: 1592,
    smLimits: 1720,
    slots: 1848,
    processCount: 804_664,
    utilizationSwitch: 804_668,
    recentKernel: 804_672,
    priority: 804_676,
    fileBytes: 804_681,
    slot: slotPreV0,
  },
  v0: {
    name: 'v0',
    version: undefined,
    smInitFlag: 4,
    ownerPid: 8,
    semaphores: [16],
    deviceCount: 48,
    uuids: 56,
    memoryLimits: 1592,
    smLimits: 1720,
    slots: 1848,
    processCount: 1_197_880,
    utilizationSwitch: 1_197_884,
    recentKernel: 1_197_888,
    priority: 1_197_892,
    fileBytes: 1_197_897,
    slot: slotV0,
  },
  1.1: regionV1,
  '1.1-shifted': {
    ...regionV1,
    name: '1.1-shifted',
    semaphores: [24, 56],
    deviceCount: 88,
    uuids: 96,
    memoryLimits: 1632,
    smLimits: 1760,
    slots: 1888,
    processCount: 2_008_928,
    utilizationSwitch: 2_008_932,
    recentKernel: 2_008_936,
    priority: 2_008_940,
    lastKernelTime: 2_008_944,
    fileBytes: 2_008_985,
    slot: { ...slotV1, seqlock: 8, used: 16, monitorUsed: 1040, utilization: 1168, status: 1936 },
  },
  1.2: {
    ...regionV1,
    name: '1.2',
    version: [1, 2],
    semaphores: [24, 2_008_920],
    slot: { ...slotV1, seqlock: 1936 },
  },
};

/** @typedef {'pre-v0' | 'v0' | '1.1' | '1.1-shifted' | '1.2'} LayoutName */

/**
 * The layout of a complete, undamaged file; the size tells 1.1 from 1.1-shifted, the stored minor version 1.1 from 1.2.
 * @param {number} fileBytes
 * @param {number} minor the u32 at offset 8
 * @returns {RegionLayout | undefined} undefined for a size no release ever wrote
 */
export function layoutOf(fileBytes, minor) {
  return Object.values(LAYOUTS).find(
    (layout) =>
      layout.fileBytes === fileBytes &&
      (layout.name !== '1.1' || minor === 1) &&
      (layout.name !== '1.2' || minor === 2),
  );
}
