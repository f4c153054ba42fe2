// @ts-check
/**
 * /dev/kmsg of the simulated host: a regular file that grows, one record a line as the kernel prints them (Documentation/
 * ABI/testing/dev-kmsg): `<priority>,<sequence>,<microseconds>,-;<message>`.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** KERN_ERR of the kernel's own facility, with which the driver reports. */
const ERROR = 3;

/** @param {string} directory the node's */
export function kernelLogPath(directory) {
  return join(directory, 'host', 'dev', 'kmsg');
}

/**
 * Adds messages at one time.
 * @param {string} directory the node's
 * @param {readonly string[]} messages
 * @param {number} monotonicSeconds
 * @param {number} [priority] below 8: the kernel; others: what a process wrote into the log
 */
export function appendKernelMessages(directory, messages, monotonicSeconds, priority = ERROR) {
  const path = kernelLogPath(directory);
  const first = readFileSync(path, 'utf8').split('\n').length - 1;
  const microseconds = Math.round(monotonicSeconds * 1e6);
  const lines = messages.map((message, index) => {
    // The kernel escapes what is not printable, so that a record stays a line.
    const printable = message.replace(/[^\x20-\x7e]|\\/g, escaped);
    return `${priority},${first + index},${microseconds},-;${printable}\n`;
  });
  appendFileSync(path, lines.join(''));
}

/** @param {string} character */
function escaped(character) {
  return [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

/**
 * The line with which the driver reports an XID.
 * @param {string} pciAddress in sysfs form
 * @param {number} xid
 * @param {{ pid?: number | undefined, name?: string | undefined, text?: string | undefined }} [more]
 */
export function xidMessage(pciAddress, xid, { pid, name, text = 'Simulated error' } = {}) {
  const slot = pciAddress.replace(/\.[0-7]$/, '');
  const who = `pid=${pid === undefined ? "'<unknown>'" : pid}, name=${name ?? '<unknown>'}`;
  return `NVRM: Xid (PCI:${slot}): ${xid}, ${who}, ${text}`;
}
