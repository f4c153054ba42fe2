import type { Finding } from './finding.js';
import { BOARD_XIDS } from './xid/board.js';
import { ENGINE_XIDS } from './xid/engines.js';
import { FIRMWARE_XIDS } from './xid/firmware.js';
import { LINK_XIDS } from './xid/links.js';
import { MEMORY_XIDS } from './xid/memory.js';
import { PROGRAM_XIDS } from './xid/programs.js';
import type { XidClass, XidCompanion, XidRow } from './xid/row.js';
import { isUnlistedXid } from './xid/unlisted.js';

export type { XidClass, XidCompanion, XidRepeat } from './xid/row.js';

/** What is known of one XID: a row of the catalogue and how grave a finding of it is. */
export interface XidFacts extends XidRow {
  readonly severity: Finding['severity'];
}

/** Information is what asks nothing of those who run the node: also the fault of a program on a GPU that is well. */
const SEVERITIES: Readonly<Record<XidClass, Finding['severity']>> = {
  info: 'info',
  app: 'info',
  warn: 'warning',
  degraded: 'warning',
  critical: 'critical',
  fatal: 'critical',
};

/** NVML says so when the driver itself has no number for what happened (nvml.md §5.16). */
const NUMBERLESS_XID = 999;

/** Every XID that has a meaning on GPUs of today, by number (facts: nvml.md §13, words ours). `docs/xid.md` shows them. */
export const XID_CATALOGUE: readonly XidFacts[] = [
  ...PROGRAM_XIDS,
  ...ENGINE_XIDS,
  ...MEMORY_XIDS,
  ...LINK_XIDS,
  ...FIRMWARE_XIDS,
  ...BOARD_XIDS,
]
  .map(withSeverity)
  .sort((a, b) => a.xid - b.xid);

const BY_NUMBER: ReadonlyMap<number, XidFacts> = new Map(XID_CATALOGUE.map((row) => [row.xid, row]));

/**
 * What is known of an XID, whatever its number: those that are not used any more are information, those this agent has
 * never heard of a warning, since a newer driver may mean anything by them.
 */
export function xidFacts(xid: number): XidFacts {
  const known = BY_NUMBER.get(xid);
  if (known !== undefined) return known;
  if (isUnlistedXid(xid)) return { ...UNUSED, xid };
  return {
    ...UNHEARD_OF,
    xid,
    meaning: xid === NUMBERLESS_XID ? 'an error the driver has no number for' : UNHEARD_OF.meaning,
  };
}

const UNUSED: XidFacts = withSeverity({
  xid: 0,
  meaning: 'not used on GPUs of the Ampere generation and newer',
  class: 'info',
  action: 'none',
  nextStep: 'Nothing has to be done. If programs fail at the same moments, read the line in the kernel log.',
  until: 'quiet',
});
const UNHEARD_OF: XidFacts = withSeverity({
  xid: 0,
  meaning: 'a number this agent has no meaning for',
  class: 'warn',
  action: 'watch',
  nextStep:
    'Read the line in the kernel log and do what the driver recommends: gpu_recovery_action, or "GPU Recovery Action" of nvidia-smi -q. NVIDIA documents new XIDs with each driver.',
  until: 'quiet',
});

/** What an XID means beside the others of its GPU at that time. */
export interface XidTogether {
  /** The XID whose finding this one is part of; undefined where it stands for itself. */
  readonly partOf: number | undefined;
  readonly severity: Finding['severity'];
  /** What the others add, or what this one adds to the other: parts of a sentence. */
  readonly says: readonly string[];
}

/**
 * Reads an XID together with the other XIDs of the same GPU at the same time. Of several severities that its companions
 * give the gravest holds; if none gives one, its own.
 */
export function xidTogether(xid: number, others: ReadonlySet<number>): XidTogether {
  const { severity, with: companions = [] } = xidFacts(xid);
  const present = companions.filter((companion) => companionOf(xid, companion, others) !== undefined);
  const leader = present.find(({ role }) => role === 'follows');
  if (leader !== undefined) return { partOf: companionOf(xid, leader, others), severity, says: [leader.says] };
  const given = present.flatMap((companion) => companion.severity ?? []);
  return {
    partOf: undefined,
    severity: (['critical', 'warning', 'info'] as const).find((one) => given.includes(one)) ?? severity,
    says: present.map(({ says }) => says),
  };
}

/** The one of them that is there; what is only information is nobody's cause. */
function companionOf(xid: number, { xids }: XidCompanion, others: ReadonlySet<number>): number | undefined {
  if (xids !== 'any') return xids.find((one) => others.has(one));
  return [...others].find((one) => one !== xid && xidFacts(one).class !== 'info');
}

function withSeverity(row: XidRow): XidFacts {
  return { ...row, severity: SEVERITIES[row.class] };
}
