import { EVENTS_KEPT, eventText, type NodeEvent } from '../model/event.js';
import type { XidCount } from '../model/gpu.js';
import type { GpuIdentity } from '../model/gpu-identity.js';
import type { KernelSxid, KernelXid } from '../model/kernel-log.js';
import type { EventSnapshot } from '../native/addon.js';
import { FaultLog } from './fault-log.js';

/** Event type bits of nvml.h (nvmlEventType…) by the values of the label `type` of gpu_events_total: a promise to alerts. */
const EVENT_TYPES: ReadonlyMap<number, string> = new Map([
  [0x1, 'single_bit_ecc'],
  [0x2, 'double_bit_ecc'],
  [0x4, 'performance_state'],
  [0x8, 'xid'],
  [0x10, 'clock'],
  [0x80, 'power_source'],
  [0x100, 'mig_config_change'],
  [0x200, 'single_bit_ecc_storm'],
  [0x400, 'dram_retirement'],
  [0x800, 'dram_retirement_failure'],
  [0x1000, 'poison_nonfatal'],
  [0x2000, 'poison_fatal'],
  [0x4000, 'gpu_unavailable'],
  [0x8000, 'recovery_action'],
]);

const NO_ID = 0xffffffff;
/** Two samplers both hear an event while one succeeds the other; their wall-clock stamps differ by less. */
const SAME_EVENT_SECONDS = 1;

/** Counts of one GPU since the agent started. */
export interface GpuEventHistory {
  readonly xids: readonly XidCount[];
  readonly lastXid: { readonly xid: number; readonly atUnixSeconds: number } | undefined;
  /** Events other than XIDs by type. */
  readonly eventCounts: Readonly<Record<string, number>>;
}

const QUIET: GpuEventHistory = { xids: [], lastXid: undefined, eventCounts: {} };

interface Heard {
  readonly event: NodeEvent;
  readonly key: string;
  /** Samplers that told this one event. */
  readonly generations: Set<number>;
}

/** Driver events of all samplers and of the kernel log, each counted once. */
export class EventLog {
  readonly faults = new FaultLog();
  private readonly heard: Heard[] = [];
  private sequence = 0;
  private readonly histories = new Map<string, GpuEventHistory>();
  private lostCount = 0;
  private lastWaiting = 0;

  /** The newest events, oldest first, at most `EVENTS_KEPT`. */
  get recent(): readonly NodeEvent[] {
    return this.heard.map(({ event }) => event);
  }

  /** Events that came faster than they were read. */
  get lost(): number {
    return this.lostCount;
  }

  /** Events that waited when they were fetched last. */
  get waiting(): number {
    return this.lastWaiting;
  }

  /** Takes in what a sampler told in one wake-up. */
  add(
    generation: number,
    events: readonly EventSnapshot[],
    lost: number,
    uuidOf: (gpuIndex: number) => string | undefined,
  ): void {
    this.lostCount += lost;
    this.lastWaiting = events.length;
    for (const event of events) this.addOne(generation, event, uuidOf);
  }

  /**
   * Takes in a fault that the kernel log told. What it told before the agent started is an event of the past, and in no
   * count that begins with the agent.
   */
  addKernelXid(fault: KernelXid, gpu: GpuIdentity, atUnixSeconds: number, isCounted: boolean): void {
    const { xid, text, pid, processName } = fault;
    if (!this.faults.hear({ gpu, xid, atUnixSeconds, source: 'kmsg', text, pid, processName })) return;
    const event: NodeEvent = {
      id: this.nextId(atUnixSeconds),
      atUnixSeconds,
      kind: 'xid',
      gpuUuid: gpu.uuid,
      gpuIndex: gpu.index,
      code: xid,
      gpuInstance: fault.gpuInstance,
      computeInstance: fault.computeInstance,
      text: eventText('xid', xid),
      source: 'kmsg',
      logText: text,
      pid,
      processName,
    };
    this.keep({ event, key: '', generations: new Set() });
    if (isCounted) this.count(event);
  }

  /** Takes in a fault of an NVSwitch. */
  addKernelSxid(fault: KernelSxid, atUnixSeconds: number): void {
    this.faults.hearSwitch(fault, atUnixSeconds);
    // Lines of detail follow the one that says what it is.
    if (fault.fatal === undefined) return;
    const event: NodeEvent = {
      id: this.nextId(atUnixSeconds),
      atUnixSeconds,
      kind: 'sxid',
      gpuUuid: undefined,
      gpuIndex: undefined,
      code: fault.sxid,
      gpuInstance: undefined,
      computeInstance: undefined,
      text: `SXid ${fault.sxid} of ${fault.device}, ${fault.fatal ? 'fatal' : 'not fatal'}`,
      source: 'kmsg',
      logText: fault.text,
      pid: undefined,
      processName: undefined,
    };
    this.keep({ event, key: '', generations: new Set() });
  }

  /** Counts of a GPU, by UUID or, while that is not known, by index. */
  historyOf(uuid: string | undefined, index: number): GpuEventHistory {
    return this.histories.get(gpuKey(uuid, index)) ?? QUIET;
  }

  private addOne(generation: number, told: EventSnapshot, uuidOf: (gpuIndex: number) => string | undefined): void {
    const event = eventOf(told, uuidOf, this.sequence);
    const key = [
      gpuKey(event.gpuUuid, event.gpuIndex),
      event.kind,
      told.data,
      event.gpuInstance,
      event.computeInstance,
    ].join('|');
    const twin = this.heard.find(
      (one) =>
        one.key === key &&
        !one.generations.has(generation) &&
        Math.abs(one.event.atUnixSeconds - event.atUnixSeconds) <= SAME_EVENT_SECONDS,
    );
    if (twin !== undefined) {
      twin.generations.add(generation);
      return;
    }
    this.sequence++;
    const { code, gpuUuid: uuid, gpuIndex: index, atUnixSeconds } = event;
    if (code !== undefined) {
      const gpu = { uuid, index, pciBusId: undefined };
      // The kernel log may have told it a moment before.
      if (!this.faults.hear({ gpu, xid: code, atUnixSeconds, source: 'nvml' })) return;
    }
    this.keep({ event, key, generations: new Set([generation]) });
    this.count(event);
  }

  private keep(heard: Heard): void {
    this.heard.push(heard);
    if (this.heard.length > EVENTS_KEPT) this.heard.shift();
  }

  private count(event: NodeEvent): void {
    const gpu = gpuKey(event.gpuUuid, event.gpuIndex);
    this.histories.set(gpu, counted(this.histories.get(gpu) ?? QUIET, event));
  }

  private nextId(atUnixSeconds: number): string {
    return idOf(atUnixSeconds, this.sequence++);
  }
}

function counted(history: GpuEventHistory, event: NodeEvent): GpuEventHistory {
  const { kind, code } = event;
  if (kind !== 'xid' || code === undefined) {
    const count = (history.eventCounts[kind] ?? 0) + 1;
    return { ...history, eventCounts: { ...history.eventCounts, [kind]: count } };
  }
  const before = history.xids.find((one) => one.xid === code && one.source === event.source);
  const others = history.xids.filter((one) => one !== before);
  const xids: XidCount[] = [...others, { xid: code, count: (before?.count ?? 0) + 1, source: event.source }];
  xids.sort((a, b) => a.xid - b.xid || a.source.localeCompare(b.source));
  const { lastXid } = history;
  const isLast = lastXid === undefined || lastXid.atUnixSeconds <= event.atUnixSeconds;
  return { ...history, xids, lastXid: isLast ? { xid: code, atUnixSeconds: event.atUnixSeconds } : lastXid };
}

function gpuKey(uuid: string | undefined, index: number | undefined): string {
  return uuid ?? `index ${index ?? 'unknown'}`;
}

function eventOf(event: EventSnapshot, uuidOf: (gpuIndex: number) => string | undefined, sequence: number): NodeEvent {
  const id = (value: number) => (value === NO_ID ? undefined : value);
  const gpuIndex = id(event.gpuIndex);
  const kind = EVENT_TYPES.get(event.type) ?? `type_0x${event.type.toString(16)}`;
  // nvml.h, nvmlEventData_t: the number of an XID; 0 for every other type.
  const code = kind === 'xid' ? event.data : undefined;
  return {
    id: idOf(event.realtimeNs / 1e9, sequence),
    atUnixSeconds: event.realtimeNs / 1e9,
    kind,
    gpuUuid: gpuIndex === undefined ? undefined : uuidOf(gpuIndex),
    gpuIndex,
    code,
    gpuInstance: id(event.gpuInstance),
    computeInstance: id(event.computeInstance),
    text: eventText(kind, code),
    source: 'nvml',
    logText: undefined,
    pid: undefined,
    processName: undefined,
  };
}

/** The time tells the events of this start from those of another. */
function idOf(atUnixSeconds: number, sequence: number): string {
  return `${Math.round(atUnixSeconds * 1000).toString(36)}-${sequence}`;
}
