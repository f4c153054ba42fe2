import type { Recovery, SwitchFault, XidFault, XidSpell } from '../model/fault.js';
import type { GpuIdentity } from '../model/gpu-identity.js';
import type { KernelSxid } from '../model/kernel-log.js';

/** NVML and the kernel log tell one occurrence within this time of each other. */
const SAME_OCCURRENCE_SECONDS = 5;
/** Occurrences that wait for the other source to tell them too, of one XID on one GPU. */
const WAITING_AT_MOST = 4096;
/** A node has a few GPUs and each a few XIDs; a log full of invented addresses must not take all memory. */
const FAULTS_AT_MOST = 2048;

/** Quiet that ends a spell, and that tells one burst of lines from the next. */
const SPELL_QUIET_SECONDS = 3600;
const BURST_QUIET_SECONDS = 60;
const KEPT_OF_A_SPELL = 8;

type Source = XidFault['sources'][number];

/** An XID that one source told. */
export interface HeardXid {
  readonly gpu: GpuIdentity;
  readonly xid: number;
  readonly atUnixSeconds: number;
  readonly source: Source;
  /** Only the kernel log has them. */
  readonly text?: string | undefined;
  readonly pid?: number | undefined;
  readonly processName?: string | undefined;
}

interface Entry {
  fault: XidFault;
  readonly waiting: Readonly<Record<Source, number[]>>;
}

/** Every XID and SXid of the node, each occurrence counted once although two sources tell of it. */
export class FaultLog {
  private readonly entries = new Map<string, Entry>();
  private readonly bySwitch = new Map<string, SwitchFault>();
  /** The last load of the driver: faults that are told late may be from before it. */
  private driverLoaded: Recovery | undefined;
  private madeXids: readonly XidFault[] | undefined;
  private madeSwitches: readonly SwitchFault[] | undefined;

  /** All XIDs, one for each GPU and number. The same list until another is heard. */
  get xids(): readonly XidFault[] {
    this.madeXids ??= [...this.entries.values()].map(({ fault }) => fault);
    return this.madeXids;
  }

  /** All SXids, one for each switch and number. The same list until another is heard. */
  get switches(): readonly SwitchFault[] {
    this.madeSwitches ??= [...this.bySwitch.values()];
    return this.madeSwitches;
  }

  /** Takes in an XID. False when it is one that the other source has told already. */
  hear(heard: HeardXid): boolean {
    const key = `${keyOf(heard.gpu)} ${heard.xid}`;
    const entry = this.entries.get(key);
    if (entry === undefined) {
      if (this.entries.size < FAULTS_AT_MOST) this.entries.set(key, newEntry(heard, this.driverLoaded));
      this.madeXids = undefined;
      return true;
    }
    const isNew = !isTwin(entry, heard);
    entry.fault = added(entry.fault, heard, isNew);
    this.madeXids = undefined;
    return isNew;
  }

  /** A GPU began anew, or all did when the driver was loaded: what came before is of another time. */
  recovered(recovery: Recovery, uuid?: string): void {
    if (uuid === undefined && recovery.atUnixSeconds > (this.driverLoaded?.atUnixSeconds ?? 0))
      this.driverLoaded = recovery;
    for (const entry of this.entries.values()) {
      const { gpuUuid, lastUnixSeconds, recovered } = entry.fault;
      if (uuid !== undefined && gpuUuid !== uuid) continue;
      if (lastUnixSeconds > recovery.atUnixSeconds || (recovered?.atUnixSeconds ?? 0) >= recovery.atUnixSeconds)
        continue;
      entry.fault = { ...entry.fault, recovered: recovery };
      this.madeXids = undefined;
    }
  }

  /** Takes in an SXid. */
  hearSwitch({ device, sxid, fatal, text }: KernelSxid, atUnixSeconds: number): void {
    const key = `${device} ${sxid}`;
    const before = this.bySwitch.get(key);
    if (before === undefined && this.bySwitch.size >= FAULTS_AT_MOST) return;
    this.bySwitch.set(key, {
      device,
      sxid,
      // Lines of detail that follow say neither: the word stays.
      fatal: fatal ?? before?.fatal,
      count: (before?.count ?? 0) + Number(fatal !== undefined || before === undefined),
      firstUnixSeconds: before?.firstUnixSeconds ?? atUnixSeconds,
      lastUnixSeconds: atUnixSeconds,
      text: fatal === undefined && before !== undefined ? before.text : text,
    });
    this.madeSwitches = undefined;
  }
}

function keyOf({ uuid, pciBusId, index }: GpuIdentity): string {
  return uuid ?? pciBusId ?? `index ${index}`;
}

function newEntry(heard: HeardXid, driverLoaded: Recovery | undefined): Entry {
  const { gpu, xid, atUnixSeconds, source } = heard;
  const waiting = { nvml: [], kmsg: [] } as Record<Source, number[]>;
  waiting[source].push(atUnixSeconds);
  return {
    waiting,
    fault: {
      gpuUuid: gpu.uuid,
      gpuIndex: gpu.index,
      pciBusId: gpu.pciBusId,
      xid,
      count: 1,
      firstUnixSeconds: atUnixSeconds,
      lastUnixSeconds: atUnixSeconds,
      spell: spellOf(heard),
      recovered: driverLoaded !== undefined && driverLoaded.atUnixSeconds > atUnixSeconds ? driverLoaded : undefined,
      cameAgain: false,
      sources: [source],
    },
  };
}

function spellOf({ atUnixSeconds, pid, processName, text }: HeardXid): XidSpell {
  return {
    sinceUnixSeconds: atUnixSeconds,
    count: 1,
    bursts: 1,
    pids: pid === undefined ? [] : [pid],
    processName,
    texts: text === undefined ? [] : [text],
  };
}

/** Whether the other source told this occurrence; takes it off those that wait. */
function isTwin({ waiting }: Entry, { source, atUnixSeconds, xid }: HeardXid): boolean {
  const others = waiting[source === 'nvml' ? 'kmsg' : 'nvml'];
  const isNear = (at: number) => Math.abs(at - atUnixSeconds) <= SAME_OCCURRENCE_SECONDS;
  const twin = others.findIndex(isNear);
  if (twin >= 0) {
    others.splice(0, twin + 1);
    return true;
  }
  // A GPU falls off the bus once; the kernel log has several lines about it.
  if (xid === OFF_THE_BUS && source === 'kmsg' && waiting[source].some(isNear)) return true;
  const own = waiting[source];
  while (own[0] !== undefined && (atUnixSeconds - own[0] > SAME_OCCURRENCE_SECONDS || own.length >= WAITING_AT_MOST)) {
    own.shift();
  }
  own.push(atUnixSeconds);
  return false;
}

const OFF_THE_BUS = 79;

function added(fault: XidFault, heard: HeardXid, isNew: boolean): XidFault {
  const { gpu, atUnixSeconds, source } = heard;
  const { spell, recovered, lastUnixSeconds } = fault;
  const isAfterRecovery = recovered !== undefined && atUnixSeconds > recovered.atUnixSeconds;
  const isNewSpell = isNew && (isAfterRecovery || atUnixSeconds - lastUnixSeconds > SPELL_QUIET_SECONDS);
  return {
    ...fault,
    gpuIndex: gpu.index ?? fault.gpuIndex,
    pciBusId: gpu.pciBusId ?? fault.pciBusId,
    count: fault.count + Number(isNew),
    firstUnixSeconds: Math.min(fault.firstUnixSeconds, atUnixSeconds),
    lastUnixSeconds: Math.max(lastUnixSeconds, atUnixSeconds),
    spell: isNewSpell ? spellOf(heard) : grown(spell, heard, isNew, atUnixSeconds - lastUnixSeconds),
    recovered: isAfterRecovery && isNew ? undefined : recovered,
    cameAgain: fault.cameAgain || (isAfterRecovery && isNew),
    sources: fault.sources.includes(source) ? fault.sources : [...fault.sources, source],
  };
}

function grown(spell: XidSpell, heard: HeardXid, isNew: boolean, quietSeconds: number): XidSpell {
  const { pid, processName, text } = heard;
  return {
    ...spell,
    sinceUnixSeconds: Math.min(spell.sinceUnixSeconds, heard.atUnixSeconds),
    count: spell.count + Number(isNew),
    bursts: spell.bursts + Number(isNew && quietSeconds >= BURST_QUIET_SECONDS),
    pids: withLast(spell.pids, pid),
    processName: processName ?? spell.processName,
    texts: withLast(spell.texts, text),
  };
}

/** With one more at the end, each once, the last few. */
function withLast<Value>(list: readonly Value[], value: Value | undefined): readonly Value[] {
  if (value === undefined || list.at(-1) === value) return list;
  return [...list.filter((one) => one !== value), value].slice(-KEPT_OF_A_SPELL);
}
