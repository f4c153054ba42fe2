import type { Finding } from '../finding.js';

/** What a fault of an NVLink 5 asks for: a reset of the GPU, what the driver recommends (XID 154), or nothing. */
export type NvLink5Verdict = 'reset' | 'evaluate' | 'ignore';

/** One fault of a link as the kernel log tells it with XIDs 144 to 150. */
export interface NvLink5Fault {
  /** As the driver spells it, e.g. `RLW_REMAP`. */
  readonly unit: string;
  /** The driver's own word in the line. */
  readonly fatal: boolean;
  readonly link: number;
  readonly intrInfo: number;
  /** Missing where the line has one number only. */
  readonly errorStatus: number | undefined;
  readonly subCode: number;
  readonly verdict: NvLink5Verdict;
  /** It may be left alone once only: the same from the same GPU a second time asks for a reset. */
  readonly resetIfAgain: boolean;
}

/** What each verdict means for a finding. */
export const NVLINK5_ADVICE: Readonly<Record<NvLink5Verdict, Pick<Finding, 'severity' | 'action'>>> = {
  reset: { severity: 'critical', action: 'reset_gpu' },
  evaluate: { severity: 'warning', action: 'watch' },
  ignore: { severity: 'info', action: 'none' },
};

/** Error statuses of a unit: bits, one of which is enough, or all there can be. */
interface Unit {
  readonly xids: readonly number[];
  readonly reset?: number | 'all';
  readonly evaluate?: number;
  readonly ignore?: number | 'all';
  /** Whole statuses rather than bits. */
  readonly values?: { readonly reset: readonly number[]; readonly ignore: readonly number[] };
  readonly resetSecondTime?: number;
}

const TLW: Unit = { xids: [146], reset: 0x4, ignore: 0x8000_0003 };

/**
 * The table of nvml.md §13.2. Two sub-codes of a link that goes down may be ignored; which two is not known to us, so all
 * of them ask for a reset. The log writes NETIR_LINK_EVT for them.
 */
const UNITS: Readonly<Record<string, Unit>> = {
  SAW_MVB: { xids: [144], reset: 0x12, ignore: 0x2d },
  RLW_CTRL: { xids: [145], ignore: 0x8000_0000 },
  RLW_REMAP: { xids: [145], reset: 0xc0, evaluate: 0x3f, ignore: 0x8000_0300 },
  RLW_RSPCOL: { xids: [145], reset: 0x2, ignore: 0x8000_0001 },
  RLW_RXPIPE: { xids: [145], ignore: 0x8000_000f, resetSecondTime: 0x7 },
  RLW_SRC_TRACK: { xids: [145], reset: 0x31, evaluate: 0xc, ignore: 0x8000_0002 },
  RLW_TAGSTATE: { xids: [145], reset: 0x12_0002, ignore: 0x8001_0001 },
  TLW_CTRL: TLW,
  TLW_RX_PIPE0: TLW,
  TLW_RX_PIPE1: TLW,
  TLW_TX_PIPE0: TLW,
  TLW_TX_PIPE1: TLW,
  TREX: { xids: [147], ignore: 'all' },
  NVLPW_CTRL: { xids: [148], ignore: 0x8000_0000 },
  NETIR_INT: { xids: [149], reset: 'all' },
  NETIR_BER_EVENT: { xids: [149], ignore: 'all' },
  NETIR_LINK_DOWN: { xids: [149], reset: 'all' },
  NETIR_LINK_EVT: { xids: [149], reset: 'all' },
  NETIR_MFDE_EVENT: { xids: [149], values: { reset: [0x1, 0x4, 0x5, 0x7], ignore: [0x3] } },
  MSE_WATCHDOG: { xids: [150], reset: 'all' },
};

/** Every repetition is bounded and ends at a character it does not contain: no text takes long to refuse. */
const LINE =
  /^([A-Z][A-Z0-9_]{1,31}) {1,8}(Fatal|Non[- ]?fatal) {1,8}(?:XC ?\d{1,2} {1,4}i ?\d{1,2} {1,4})?Link {1,4}(\d{1,3}) {1,4}[([](0x[0-9a-f]{1,8}(?: {1,4}0x[0-9a-f]{1,8}){0,15})[)\]]/i;

/**
 * Reads the text of a line of XID 144 to 150, from behind number and process:
 * `RLW_REMAP Nonfatal XC0 i0 Link 03 (0x00086226 0x00000001 …)`. Undefined for other texts; then the XID's own row holds.
 */
export function decodeNvLink5(xid: number, text: string): NvLink5Fault | undefined {
  if (xid < 144 || xid > 150) return undefined;
  const parts = LINE.exec(text);
  if (parts === null) return undefined;
  const [, name = '', word = '', link = '', numbers = ''] = parts;
  const [intrInfo = 0, errorStatus] = numbers.split(/ +/).map(Number);
  const unit = name.toUpperCase();
  const fatal = word.toLowerCase() === 'fatal';
  const row = Object.hasOwn(UNITS, unit) && UNITS[unit]?.xids.includes(xid) ? UNITS[unit] : undefined;
  return {
    unit,
    fatal,
    link: Number(link),
    intrInfo,
    errorStatus,
    subCode: (intrInfo >>> 20) & 0x3f,
    verdict: verdictOf(row, errorStatus, fatal),
    resetIfAgain: has(row?.resetSecondTime, errorStatus),
  };
}

/**
 * The gravest that the bits say. What the table does not have is decided by the driver's word: fatal asks for a reset,
 * anything else for what the driver recommends; and so does what the table would ignore though the driver calls it fatal.
 */
function verdictOf(row: Unit | undefined, status: number | undefined, fatal: boolean): NvLink5Verdict {
  const unknown = fatal ? 'reset' : 'evaluate';
  const ignore = fatal ? 'evaluate' : 'ignore';
  if (row === undefined) return unknown;
  if (row.reset === 'all') return 'reset';
  if (row.ignore === 'all') return ignore;
  if (status === undefined) return unknown;
  if (row.values !== undefined) {
    if (row.values.reset.includes(status)) return 'reset';
    return row.values.ignore.includes(status) ? ignore : unknown;
  }
  if (has(row.reset, status)) return 'reset';
  // A bit that the table does not have counts as much as the gravest it may be.
  if (status === 0 || (status & ~((row.evaluate ?? 0) | (row.ignore ?? 0))) !== 0) return unknown;
  return has(row.evaluate, status) ? 'evaluate' : ignore;
}

function has(mask: number | undefined, status: number | undefined): boolean {
  return ((mask ?? 0) & (status ?? 0)) !== 0;
}
