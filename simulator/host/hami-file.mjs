// @ts-check
/**
 * Writes HAMi usage files the way the preloaded library in a container does: size first, magic last, in place when
 * the file is there already, sparse. See hami-layouts.mjs for the bytes and hami-damage.mjs for what a hostile or
 * broken container makes of them.
 */
import { closeSync, constants, fchmodSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { DEVICE_SLOTS, LAYOUTS, layoutOf, MAGIC, PROCESS_SLOTS, UUID_BYTES } from './hami-layouts.mjs';

/**
 * @typedef {import('./hami-layouts.mjs').LayoutName} LayoutName
 * @typedef {import('./hami-layouts.mjs').RegionLayout} RegionLayout
 * @typedef {import('./hami-content.mjs').UsageContent} UsageContent
 * @typedef {import('./hami-content.mjs').UsageProcess} UsageProcess
 * @typedef {import('./hami-content.mjs').Unsigned64} Unsigned64
 */

/**
 * Creates a usage file, or rewrites one in place. Slots beyond the content's processes keep what they held, as in
 * the real file. The mode is 0666: the real library clears the umask.
 * @param {string} path
 * @param {LayoutName} layoutName
 * @param {UsageContent} content
 * @throws {RangeError} when the content does not fit the layout; {@link Error} of the file system otherwise
 */
export function writeUsageFile(path, layoutName, content) {
  const layout = LAYOUTS[layoutName];
  if (layout === undefined) {
    throw new RangeError(`layout "${layoutName}" is unknown, expected one of ${Object.keys(LAYOUTS).join(', ')}`);
  }
  const processes = content.processes ?? [];
  if (content.devices.length > DEVICE_SLOTS) {
    throw new RangeError(`a usage file holds at most ${DEVICE_SLOTS} devices, got ${content.devices.length}`);
  }
  if (processes.length > PROCESS_SLOTS) {
    throw new RangeError(`a usage file holds at most ${PROCESS_SLOTS} processes, got ${processes.length}`);
  }
  const header = encodeHeader(layout, content);
  const slots = processes.map((process) => encodeSlot(layout, process));
  const tail = encodeTail(layout, content, processes.length);
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o666);
  try {
    fchmodSync(fd, 0o666);
    if (fstatSync(fd).size !== layout.fileBytes) ftruncateSync(fd, layout.fileBytes);
    writeSync(fd, header, 4, header.length - 4, 4);
    for (const [index, slot] of slots.entries()) {
      writeSync(fd, slot, 0, slot.length, layout.slots + index * layout.slot.sizeBytes);
    }
    writeSync(fd, tail, 0, tail.length, layout.processCount);
    writeSync(fd, header, 0, 4, 0);
  } finally {
    closeSync(fd);
  }
}

/**
 * Overwrites single region fields of a complete file, as a container may at any time.
 * @param {string} path
 * @param {{ deviceCount?: Unsigned64, processCount?: number, priority?: number, recentKernel?: number,
 *   utilizationSwitch?: number, lastKernelUnixSeconds?: Unsigned64, magic?: number }} fields
 * @throws {RangeError} when the file has no known layout, or the layout lacks a field
 */
export function patchUsageFile(path, fields) {
  const layout = readLayout(path);
  const fd = openSync(path, 'r+');
  try {
    for (const [name, value] of Object.entries(fields)) {
      const place = fieldPlace(layout, name);
      const bytes = Buffer.alloc(place.wide ? 8 : 4);
      if (place.wide) putUnsigned64(bytes, 0, value);
      else bytes.writeInt32LE(Number(value), 0);
      writeSync(fd, bytes, 0, bytes.length, place.offset);
    }
  } finally {
    closeSync(fd);
  }
}

/**
 * The layout of a complete usage file, told by size and stored version.
 * @param {string} path
 * @returns {RegionLayout}
 * @throws {RangeError} when it is none of the five
 */
export function readLayout(path) {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(12);
    readSync(fd, head, 0, 12, 0);
    const sizeBytes = fstatSync(fd).size;
    const layout = layoutOf(sizeBytes, head.readUInt32LE(8));
    if (layout === undefined) throw new RangeError(`${path}: ${sizeBytes} bytes is the size of no known layout`);
    return layout;
  } finally {
    closeSync(fd);
  }
}

/**
 * Where a region field lies and whether it is 64 bits wide.
 * @param {RegionLayout} layout
 * @param {string} name
 */
function fieldPlace(layout, name) {
  switch (name) {
    case 'magic':
      return { offset: 0, wide: false };
    case 'deviceCount':
      return { offset: layout.deviceCount, wide: true };
    case 'processCount':
    case 'priority':
    case 'recentKernel':
    case 'utilizationSwitch':
      return { offset: layout[name], wide: false };
    case 'lastKernelUnixSeconds':
      if (layout.lastKernelTime !== undefined) return { offset: layout.lastKernelTime, wide: true };
      break;
  }
  throw new RangeError(`layout ${layout.name} has no field "${name}"`);
}

/**
 * @param {RegionLayout} layout
 * @param {UsageContent} content
 */
function encodeHeader(layout, content) {
  const bytes = Buffer.alloc(layout.slots);
  bytes.writeInt32LE(MAGIC, 0);
  if (layout.version !== undefined) {
    bytes.writeUInt32LE(layout.version[0], 4);
    bytes.writeUInt32LE(layout.version[1], 8);
  }
  putUnsigned64(bytes, layout.ownerPid, content.ownerPid ?? 0);
  for (const offset of layout.semaphores) {
    if (offset < layout.slots) putSemaphore(bytes, offset);
  }
  putUnsigned64(bytes, layout.deviceCount, content.deviceCount ?? content.devices.length);
  for (let index = 0; index < DEVICE_SLOTS; index++) {
    const device = content.devices[index];
    // The library fills all 16 SM limits from the un-indexed variable, also beyond the device count.
    putUnsigned64(
      bytes,
      layout.smLimits + 8 * index,
      device?.smLimitPercent ?? content.devices[0]?.smLimitPercent ?? 100,
    );
    if (device === undefined) continue;
    const text = Buffer.from(device.uuid, 'latin1');
    if (text.length > UUID_BYTES) throw new RangeError(`a UUID has at most ${UUID_BYTES} bytes, got ${text.length}`);
    text.copy(bytes, layout.uuids + UUID_BYTES * index);
    putUnsigned64(bytes, layout.memoryLimits + 8 * index, device.limitBytes ?? 0);
  }
  return bytes;
}

/**
 * @param {RegionLayout} layout
 * @param {UsageProcess} process
 */
function encodeSlot(layout, process) {
  const { slot } = layout;
  const bytes = Buffer.alloc(slot.sizeBytes);
  bytes.writeInt32LE(process.pid, 0);
  bytes.writeInt32LE(process.hostPid ?? 0, 4);
  bytes.writeInt32LE(process.status ?? 1, slot.status);
  if (slot.seqlock !== undefined) putUnsigned64(bytes, slot.seqlock, process.seqlock ?? 0);
  for (const [index, use] of (process.devices ?? []).entries()) {
    const at = slot.used + index * slot.memoryElementBytes;
    const parts = [use.contextBytes, use.moduleBytes, use.dataBytes, use.offsetBytes].map((part) => BigInt(part ?? 0));
    for (const [position, part] of parts.entries()) putUnsigned64(bytes, at + 8 * position, part);
    putUnsigned64(bytes, at + 32, use.totalBytes ?? parts.reduce((sum, part) => sum + part, 0n));
    putUnsigned64(bytes, slot.monitorUsed + 8 * index, use.driverReportedBytes ?? 0);
    if (slot.utilization === undefined || slot.utilizationElementBytes === undefined) continue;
    const utilization = slot.utilization + index * slot.utilizationElementBytes;
    putUnsigned64(bytes, utilization, use.decoderUtilPercent ?? 0);
    putUnsigned64(bytes, utilization + 8, use.encoderUtilPercent ?? 0);
    putUnsigned64(bytes, utilization + 16, use.smUtilPercent ?? 0);
  }
  return bytes;
}

/**
 * Everything from the process count to the end of the region.
 * @param {RegionLayout} layout
 * @param {UsageContent} content
 * @param {number} processes
 */
function encodeTail(layout, content, processes) {
  const start = layout.processCount;
  const bytes = Buffer.alloc(layout.fileBytes - start);
  bytes.writeInt32LE(content.processCount ?? processes, 0);
  bytes.writeInt32LE(content.utilizationSwitch ?? 1, layout.utilizationSwitch - start);
  bytes.writeInt32LE(content.recentKernel ?? 2, layout.recentKernel - start);
  bytes.writeInt32LE(content.priority ?? 1, layout.priority - start);
  if (layout.lastKernelTime !== undefined) {
    putUnsigned64(bytes, layout.lastKernelTime - start, content.lastKernelUnixSeconds ?? 0);
  }
  for (const offset of layout.semaphores) {
    if (offset > start) putSemaphore(bytes, offset - start);
  }
  return bytes;
}

/**
 * An unlocked process-shared glibc semaphore: value 1, then the "shared" flag 0x80. A reader that takes the shifted
 * layout for 1.1 finds these bytes where it expects the first UUID.
 * @param {Buffer} bytes
 * @param {number} offset
 */
function putSemaphore(bytes, offset) {
  putUnsigned64(bytes, offset, 1);
  bytes.writeInt32LE(0x80, offset + 8);
}

/**
 * @param {Buffer} bytes
 * @param {number} offset
 * @param {Unsigned64} value
 */
function putUnsigned64(bytes, offset, value) {
  bytes.writeBigUInt64LE(BigInt(value), offset);
}
