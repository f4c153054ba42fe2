import { withoutDeceptive } from './deceptive-text.js';

/** A line of the kernel log that tells a fault of a GPU. */
export interface KernelXid {
  readonly kind: 'xid';
  /**
   * Domain, bus and device as in sysfs, without the function, which the log leaves out: `0000:65:00`. A GPU's PCI address
   * is that, a dot and the function (NVML's addresses say which).
   */
  readonly pciSlot: string;
  /** 79 also for lines without a number that say that the GPU fell off the bus. */
  readonly xid: number;
  /** MIG instances, where the driver knows them. */
  readonly gpuInstance: number | undefined;
  readonly computeInstance: number | undefined;
  /** In the pid namespace of the host; undefined where the driver did not know it. */
  readonly pid: number | undefined;
  /** What the process called itself, at most 15 bytes: an untrusted name. */
  readonly processName: string | undefined;
  /** What follows, printable, at most 400 characters. A process name with a comma in it goes on here. */
  readonly text: string;
}

/** A line of the kernel log that tells a fault of an NVSwitch. */
export interface KernelSxid {
  readonly kind: 'sxid';
  /** As the driver counts it: `nvswitch3`. */
  readonly device: string;
  readonly pciSlot: string;
  readonly sxid: number;
  /** The driver's word; undefined in lines of detail that follow, which have none. */
  readonly fatal: boolean | undefined;
  readonly text: string;
}

/** A record of /dev/kmsg. */
export interface KernelRecord {
  readonly sequence: number;
  /** CLOCK_MONOTONIC of the message, without the time the machine slept. */
  readonly monotonicSeconds: number;
  readonly message: string;
}

const ADDRESS = '(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}):([0-9a-f]{2})(?:\\.[0-7])?';
// Anchored, with bounded repetitions that end at a character they do not contain: no text takes long to refuse.
const XID = new RegExp(
  `^NVRM: Xid \\((?:PCI:)?${ADDRESS}(?: GPU-I:(\\d{1,3}))?(?: GPU-CI:(\\d{1,3}))?\\): (\\d{1,5})(?:, ?|$)`,
  'i',
);
const SXID = new RegExp(`^nvidia-(nvswitch\\d{1,3}): SXid \\((?:PCI:)?${ADDRESS}\\): (\\d{1,6})(?:, ?|$)`, 'i');
const OFF_THE_BUS = new RegExp(`^NVRM: GPU (?:at )?(?:PCI:)?${ADDRESS}:? (?:GPU )?has fallen off the bus`, 'i');
/** One message of three lines. */
const NOT_RESPONDING = new RegExp(
  `^NVRM: The NVIDIA GPU ${ADDRESS}(?=[ \\n\\\\]).{0,200}fallen off the bus and is not responding`,
  'is',
);
const PID = /^pid=(\d{1,10}|[^,]{0,20})(?:, ?|$)/;
/** A name of 15 bytes, each of which /dev/kmsg may write as `\x2c`. */
const NAME = /^name=([^,]{0,60})(?:, ?|$)/;
const LONGEST_TEXT = 400;
const LONGEST_NAME = 15;

/**
 * Reads one record of /dev/kmsg: `4,1234,5140900,-;message`, then lines of detail. Undefined for text that is none, and
 * for what a process wrote into the log itself: the kernel does not let it take the facility of its own messages, 0.
 */
export function kernelRecord(record: string): KernelRecord | undefined {
  const head = /^(\d{1,10}),(\d{1,15}),(\d{1,15}),[^;]{0,64};/.exec(record);
  if (head === null) return undefined;
  const [whole, priority, sequence, microseconds] = head;
  if (Number(priority) >= 8) return undefined;
  const end = record.indexOf('\n', whole.length);
  return {
    sequence: Number(sequence),
    monotonicSeconds: Number(microseconds) / 1e6,
    message: record.slice(whole.length, end === -1 ? undefined : end),
  };
}

/**
 * The fault that a message of the kernel log tells, if it tells one (forms: nvml.md §13.1). Only the driver writes the
 * start of a message, so everything is read from there: a process that calls itself `NVRM: Xid …` is a name in a line.
 */
export function kernelFault(message: string): KernelXid | KernelSxid | undefined {
  return xidOf(message) ?? offTheBus(message) ?? sxidOf(message);
}

function xidOf(message: string): KernelXid | undefined {
  const parts = XID.exec(message);
  if (parts === null) return undefined;
  let rest = message.slice(parts[0].length);
  const pid = PID.exec(rest);
  if (pid !== null) rest = rest.slice(pid[0].length);
  // Without a pid there is no name: the text of a fault must not pass for one.
  const name = pid === null ? null : NAME.exec(rest);
  if (name !== null) rest = rest.slice(name[0].length);
  return {
    kind: 'xid',
    pciSlot: slotOf(parts),
    xid: Number(parts[6]),
    gpuInstance: numberOf(parts[4]),
    computeInstance: numberOf(parts[5]),
    pid: numberOf(pid?.[1]),
    processName: nameOf(name?.[1]),
    text: printable(rest, LONGEST_TEXT),
  };
}

function offTheBus(message: string): KernelXid | undefined {
  const parts = OFF_THE_BUS.exec(message) ?? NOT_RESPONDING.exec(message);
  if (parts === null) return undefined;
  return {
    kind: 'xid',
    pciSlot: slotOf(parts),
    xid: 79,
    gpuInstance: undefined,
    computeInstance: undefined,
    pid: undefined,
    processName: undefined,
    text: 'GPU has fallen off the bus',
  };
}

function sxidOf(message: string): KernelSxid | undefined {
  const parts = SXID.exec(message);
  if (parts === null) return undefined;
  const [whole, device = '', domain, bus, slot, sxid] = parts;
  const text = printable(message.slice(whole.length), LONGEST_TEXT);
  const word = /\b(non-?)?fatal\b/i.exec(text);
  return {
    kind: 'sxid',
    device: device.toLowerCase(),
    pciSlot: slotOf([undefined, domain, bus, slot]),
    sxid: Number(sxid),
    fatal: word === null ? undefined : word[1] === undefined,
    text,
  };
}

/** From domain, bus and device at 1, 2 and 3; older drivers leave out a domain of 0. */
function slotOf([, domain = '0', bus, device]: readonly (string | undefined)[]): string {
  return `${domain.replace(/^0+/, '').padStart(4, '0')}:${bus}:${device}`.toLowerCase();
}

/** Undefined for what is no number: the driver writes `'<unknown>'` for a process it does not know. */
function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

function nameOf(text: string | undefined): string | undefined {
  const name = text === undefined ? '' : printable(text, LONGEST_NAME);
  return name === '' || /^'?<unknown>'?$/.test(name) ? undefined : name;
}

/** What /dev/kmsg escaped, put back; then what could mislead a reader replaced. */
function printable(text: string, longest: number): string {
  const plain = text
    .slice(0, longest * 4)
    .replace(/(?:\\x[0-9a-f]{2}){1,1600}/gi, (bytes) =>
      new TextDecoder().decode(Uint8Array.from(bytes.split('\\x').slice(1), (byte) => Number.parseInt(byte, 16))),
    );
  return withoutDeceptive(plain.slice(0, longest), () => '?').trim();
}
