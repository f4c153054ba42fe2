import { Pseudonyms } from './pseudonyms.js';

/** A line of a capture (docs/captures.md). */
export interface CaptureLine {
  readonly record: string;
  readonly [member: string]: unknown;
}

/** Offsets of identities in what a function fills. */
const PLATFORM = { infinibandGuid: [4, 20], chassisSerial: [20, 36] } as const;
const CLUSTER_UUID: Readonly<Record<string, readonly [from: number, to: number]>> = {
  nvmlDeviceGetGpuFabricInfoV: [4, 20],
  nvmlDeviceGetGpuFabricInfo: [0, 16],
};
/** Where the process id is in an entry of a list. */
const PID_OFFSET: Readonly<Record<string, number>> = { nvmlDeviceGetProcessesUtilizationInfo: 8 };

/** Lines of a capture. Throws when it is none. */
export function parseCapture(text: string): CaptureLine[] {
  const lines = text.split('\n').filter((line) => line !== '');
  const parsed = lines.flatMap((line, index) => {
    try {
      return [JSON.parse(line) as CaptureLine];
    } catch {
      // One that was cut off ends in the middle of a line.
      if (index === lines.length - 1) return [];
      throw new Error(`line ${index + 1} is no JSON`);
    }
  });
  const format = parsed[0]?.format;
  if (parsed[0]?.record !== 'capture' || format !== 'gpu-node-capture/1') {
    throw new Error(`expected a capture of the form gpu-node-capture/1, got ${String(format ?? 'something else')}`);
  }
  return parsed;
}

/**
 * The same capture with pseudonyms for UUIDs, serial numbers, InfiniBand GUIDs, the host's name, process ids and names
 * of HAMi's directories; folders of the library are left out. PCI addresses, models and versions stay.
 * Throws when an original would still stand in it.
 */
export function anonymised(lines: readonly CaptureLine[], pseudonyms = new Pseudonyms()): CaptureLine[] {
  for (const line of lines) learn(line, pseudonyms);
  const result = lines.map((line) => replaceIn(line, pseudonyms));
  const text = result.map((line) => JSON.stringify(line)).join('\n');
  const left = pseudonyms.leftIn(text);
  if (left.length > 0) throw new Error(`${left.length} originals would still stand in it; nothing was written`);
  return result;
}

function bytesOf({ bytes }: CaptureLine): Buffer[] {
  return Array.isArray(bytes) ? bytes.map((text) => Buffer.from(String(text), 'hex')) : [];
}

function textIn(bytes: Buffer | undefined): string {
  return bytes?.toString('latin1').replace(/\0.*$/s, '') ?? '';
}

function learn(line: CaptureLine, pseudonyms: Pseudonyms): void {
  const [first] = bytesOf(line);
  const name = String(line.function ?? '');
  if (name === 'nvmlDeviceGetUUID') pseudonyms.learnUuids(textIn(first));
  if (name === 'nvmlDeviceGetSerial') pseudonyms.learn('serial', textIn(first));
  if (name === 'nvmlDeviceGetPlatformInfo' && first !== undefined && first.length >= PLATFORM.chassisSerial[1]) {
    pseudonyms.learnBytes(first.subarray(...PLATFORM.infinibandGuid));
    pseudonyms.learn('serial', textIn(first.subarray(...PLATFORM.chassisSerial)));
  }
  const cluster = CLUSTER_UUID[name];
  if (cluster !== undefined && first !== undefined) pseudonyms.learnBytes(first.subarray(...cluster));
  if (line.record === 'system') pseudonyms.learn('host name', String(line.host_name ?? ''));
  if (line.record === 'file') {
    if (typeof line.text === 'string') pseudonyms.learnUuids(line.text);
    if (line.root === 'hami') pseudonyms.learn('container', String(line.path).split('/')[0] ?? '');
  }
}

function replaceIn(line: CaptureLine, pseudonyms: Pseudonyms): CaptureLine {
  const copy: Record<string, unknown> = {};
  for (const [member, value] of Object.entries(line)) {
    copy[member] = typeof value === 'string' && member !== 'record' ? pseudonyms.inText(value) : value;
  }
  if (line.record === 'capture') copy.anonymised = true;
  if (typeof line.path === 'string' && line.record === 'library') copy.path = line.path.split('/').at(-1);
  if (line.record === 'file' && line.root === 'hami') copy.path = pseudonyms.inText(String(line.path));
  if (Array.isArray(line.bytes)) {
    const isList = line.record === 'processes' || line.record === 'process_utilization';
    copy.bytes = bytesOf(line).map((bytes) =>
      pseudonyms.inBytes(isList ? withoutPids(line, bytes, pseudonyms) : bytes).toString('hex'),
    );
  }
  return copy as unknown as CaptureLine;
}

function withoutPids(line: CaptureLine, bytes: Buffer, pseudonyms: Pseudonyms): Buffer {
  const copy = Buffer.from(bytes);
  const stride = Number(line.entry_bytes);
  const offset = PID_OFFSET[String(line.function)] ?? 0;
  for (let entry = 0; stride > 0 && entry + stride <= copy.length; entry += stride) {
    const pid = copy.readUInt32LE(entry + offset);
    if (pid !== 0) copy.writeUInt32LE(pseudonyms.pid(pid), entry + offset);
  }
  return copy;
}

/** The file of a capture. */
export function captureText(lines: readonly CaptureLine[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}
