// @ts-check
/**
 * The host of a capture: what its files say that the trees of a simulated node do not.
 */
import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { HOST_FOLDERS } from '../host/host-record.mjs';

/** @typedef {import('./capture-file.mjs').Capture} Capture */
/** @typedef {import('../host/captured-files.mjs').CapturedFile} CapturedFile */

const DEVICES = 'bus/pci/devices/';
/** VGA and 3D controllers. */
const DISPLAY_CLASS = /^0x0302?00/;

/** Texts of the captured files of sysfs, by path. */
export class CapturedSysfs {
  /** @param {Capture} capture */
  constructor(capture) {
    this.texts = new Map(capture.files.filter(({ root }) => root === 'sysfs').map((file) => [file.path, file]));
  }

  /**
   * @param {string} address
   * @param {string} name
   */
  text(address, name) {
    return this.texts.get(`${DEVICES}${address}/${name}`)?.text?.trim();
  }

  /** @param {string} address @param {string} name */
  link(address, name) {
    return this.texts.get(`${DEVICES}${address}/${name}`)?.link?.split('/').at(-1);
  }

  /** @param {string} address */
  numaNode(address) {
    const node = Number(this.text(address, 'numa_node') ?? -1);
    return node >= 0 ? node : undefined;
  }

  /**
   * NVIDIA display functions that the driver did not show.
   * @param {ReadonlySet<string>} shown addresses
   * @returns {import('../host/host-plan.mjs').HiddenGpuEntry[]}
   */
  hiddenGpus(shown) {
    const addresses = new Set(
      [...this.texts.keys()].flatMap((path) => path.match(/^bus\/pci\/devices\/([^/]+)/)?.[1] ?? []),
    );
    return [...addresses].sort().flatMap((address) => {
      const isGpu = this.text(address, 'vendor') === '0x10de' && DISPLAY_CLASS.test(this.text(address, 'class') ?? '');
      if (!isGpu || shown.has(address)) return [];
      const numaNode = this.numaNode(address);
      const driver = this.link(address, 'driver');
      return [
        {
          address,
          deviceId: Number(this.text(address, 'device') ?? 0),
          subsystemDeviceId: Number(this.text(address, 'subsystem_device') ?? 0),
          ...(numaNode === undefined ? {} : { numaNode }),
          ...(driver === undefined ? {} : { driver }),
        },
      ];
    });
  }
}

/**
 * Files that the node's own trees lack, or have with another content.
 * @param {Capture} capture
 * @param {string} nodeDirectory of the node made of the guesses
 * @returns {CapturedFile[]}
 */
export function differentFiles(capture, nodeDirectory) {
  const folders = { sysfs: join(nodeDirectory, HOST_FOLDERS.sys), procfs: join(nodeDirectory, HOST_FOLDERS.proc) };
  /** Functions whose folder lies elsewhere: all their files move along. @type {Set<string>} */
  const moved = new Set();
  return capture.files.flatMap(({ root, path, text, link }) => {
    if ((root !== 'sysfs' && root !== 'procfs') || (text === undefined && link === undefined)) return [];
    const file = join(folders[root], path);
    const device = path.match(/^bus\/pci\/devices\/([^/]+)/)?.[1];
    const same =
      !(device !== undefined && moved.has(device)) &&
      (link === undefined ? readText(file) === text : readLink(file) === link);
    if (same) return [];
    if (link !== undefined && device !== undefined && path === `${DEVICES}${device}`) moved.add(device);
    return [{ root, path, ...(link === undefined ? { text: text ?? '' } : { link }) }];
  });
}

/** @param {string} path */
function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** @param {string} path */
function readLink(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(path) : undefined;
}
