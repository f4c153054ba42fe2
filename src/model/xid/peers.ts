import type { Finding } from '../finding.js';
import type { DifferenceId } from './differences.js';
import { isUnlistedXid } from './unlisted.js';

type Action = Finding['action'];

interface Step {
  readonly words: string;
  readonly same?: readonly Action[];
}

/**
 * NVIDIA's codes for what to do at once and later (its public catalogue, nvml.md §13), and the actions of ours that say
 * the same. Without such: it leads through steps that end in several ways, and nothing can be compared.
 */
export const NVIDIA_STEPS = {
  IGN: { words: 'ignore', same: ['none', 'watch'] },
  APP: { words: 'restart the application', same: ['restart_workload'] },
  VM: { words: 'restart the virtual machine', same: ['restart_workload'] },
  RST: { words: 'reset the GPU', same: ['reset_gpu'] },
  BM: { words: 'restart the host', same: ['reboot_node', 'power_cycle'] },
  SW: { words: 'update software', same: ['fix_configuration'] },
  MECH: { words: 'check cables and power', same: ['check_hardware', 'power_cycle'] },
  SUP: { words: 'contact support', same: ['check_hardware', 'replace'] },
  'check app': { words: 'check the application' },
  'check SW': { words: 'check the software' },
  'check link': { words: 'check the link' },
  'check UVM': { words: 'check errors of unified memory' },
  'WF 13': { words: 'steps for 13' },
  'WF 31': { words: 'steps for 31' },
  'WF 45': { words: 'steps for 45' },
  'WF 48': { words: 'steps for 48' },
  'WF NVLINK_ERR': { words: 'steps for NVLink' },
  'WF NVLINK5_ERR': { words: 'steps for NVLink 5' },
  '137 flow': { words: 'steps for 137' },
  'FM if alone': { words: 'alone: restart the fabric manager' },
  'IGN if companion': { words: 'ignore beside others' },
  'report if alone': { words: 'alone: report it' },
  '154': { words: 'by the recovery action' },
} as const satisfies Record<string, Step>;

/** One of NVIDIA's codes. */
export type NvidiaStep = keyof typeof NVIDIA_STEPS;

/** GPUd's event types and the severities of ours that say the same. */
export const GPUD_EVENTS = {
  W: { words: 'warning', same: ['info', 'warning'] },
  F: { words: 'fatal', same: ['critical'] },
  '?': { words: 'type not known', same: ['info', 'warning', 'critical'] },
} as const satisfies Record<string, { words: string; same: readonly Finding['severity'][] }>;

/** GPUd's suggestions and the actions of ours that say the same. It has no others. */
export const GPUD_SUGGESTIONS = {
  R: { words: 'reboot', same: ['reboot_node', 'power_cycle'] },
  H: { words: 'inspect the hardware', same: ['check_hardware', 'power_cycle', 'replace'] },
  A: { words: 'check application and GPU', same: ['restart_workload', 'check_hardware', 'watch'] },
  I: { words: 'ignore', same: ['none', 'watch'] },
} as const satisfies Record<string, { words: string; same: readonly Action[] }>;

/** What GPUd has for an XID: event type, suggestions. */
export type GpudEntry = 'W' | 'W A' | 'W A+H' | 'W I' | 'W R' | 'F R' | 'F R+H' | 'F H' | 'F R+I' | '? R';

/** What others say about one XID. */
export interface XidPeers {
  /** What at once and what later. `unused`: since Ampere; `none`: listed without a step; `unlisted`: not in the snapshot. */
  readonly nvidia: readonly [atOnce: NvidiaStep, later?: NvidiaStep] | 'unused' | 'none' | 'unlisted';
  /** Missing where GPUd does not have the XID. */
  readonly gpud?: GpudEntry;
  /** Why we say something else than they do. */
  readonly difference?: { readonly nvidia?: DifferenceId; readonly gpud?: DifferenceId };
}

/** Numbers of old display and video engines for which GPUd suggests a reboot all the same. */
const UNLISTED_WITH_REBOOT = new Set([9, 19, 27, 28, 29, 30, 33, 34, 35, 36, 42, 47]);

/** What others say, by XID: NVIDIA's public catalogue as of 2025-10-29, GPUd's table (nvml.md §13). */
export const XID_PEERS: Readonly<Record<number, XidPeers>> = {
  8: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  11: { nvidia: ['APP', 'check app'], gpud: 'W' },
  12: { nvidia: 'unused', gpud: 'F R', difference: { gpud: 'old_boards' } },
  13: { nvidia: ['APP', 'WF 13'], gpud: 'W A' },
  16: { nvidia: 'unused', gpud: 'F R', difference: { gpud: 'old_boards' } },
  18: { nvidia: 'unused', gpud: 'F R' },
  25: { nvidia: ['APP', 'check app'], gpud: 'W' },
  26: { nvidia: 'unused', gpud: 'F R', difference: { gpud: 'old_boards' } },
  31: { nvidia: ['APP', 'WF 31'], gpud: 'W A+H' },
  32: { nvidia: ['APP', 'check app'], gpud: 'F R+H', difference: { gpud: 'program_first' } },
  37: { nvidia: ['IGN', 'check app'], gpud: 'W' },
  38: { nvidia: ['IGN', 'SUP'], gpud: 'F R+H', difference: { gpud: 'once_is_no_reason' } },
  39: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  40: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  41: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  43: { nvidia: ['IGN', 'SUP'], gpud: 'W A', difference: { gpud: 'already_over' } },
  44: { nvidia: ['IGN', 'SUP'], gpud: 'F R+H', difference: { gpud: 'once_is_no_reason' } },
  45: { nvidia: ['WF 45', 'FM if alone'], gpud: 'W I' },
  46: { nvidia: ['RST', 'SUP'], gpud: 'F R', difference: { gpud: 'reset_is_enough' } },
  48: { nvidia: ['WF 48', 'WF 48'], gpud: 'F R+H', difference: { gpud: 'reset_is_enough' } },
  54: { nvidia: ['MECH', 'SUP'], gpud: 'W', difference: { gpud: 'cannot_be_used' } },
  56: { nvidia: 'unused', gpud: 'W' },
  57: { nvidia: 'unused', gpud: 'W', difference: { gpud: 'cannot_be_used' } },
  58: { nvidia: 'unused', gpud: 'W', difference: { gpud: 'cannot_be_used' } },
  59: { nvidia: 'unused', gpud: 'F R', difference: { gpud: 'reset_is_enough' } },
  60: { nvidia: ['APP', 'check SW'], gpud: 'F R', difference: { gpud: 'program_first' } },
  61: { nvidia: 'unused', gpud: 'F R', difference: { gpud: 'reset_is_enough' } },
  62: { nvidia: ['RST', 'SUP'], gpud: 'F R+H', difference: { gpud: 'reset_is_enough' } },
  63: { nvidia: ['IGN', 'IGN'], gpud: 'F R+H', difference: { nvidia: 'maintenance', gpud: 'maintenance' } },
  64: { nvidia: ['RST', 'SUP'], gpud: 'F R+H', difference: { gpud: 'reset_is_enough' } },
  65: { nvidia: 'unused', gpud: 'F R+H', difference: { gpud: 'program_first' } },
  66: { nvidia: ['IGN', 'check SW'], gpud: 'W' },
  67: { nvidia: ['IGN', 'SUP'], gpud: 'W' },
  68: { nvidia: ['APP', 'SUP'], gpud: 'F R+H', difference: { gpud: 'program_first' } },
  69: { nvidia: ['APP', 'check app'], gpud: 'F R+H', difference: { gpud: 'program_first' } },
  70: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  71: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  72: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  73: { nvidia: 'unused', gpud: 'W' },
  74: { nvidia: ['WF NVLINK_ERR', 'SUP'], gpud: 'F R+H', difference: { gpud: 'reset_is_enough' } },
  75: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  76: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  77: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  78: { nvidia: ['SW', 'SW'], gpud: 'F R', difference: { gpud: 'not_by_reboot' } },
  79: { nvidia: ['BM', 'SUP'], gpud: 'F R+H' },
  80: { nvidia: ['APP', 'check app'], gpud: 'W' },
  81: { nvidia: 'unused', gpud: 'F H' },
  82: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  83: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  84: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  85: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  86: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  88: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  89: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  92: { nvidia: ['IGN', 'SUP'], gpud: 'W I' },
  93: { nvidia: ['IGN', 'SUP'], gpud: 'W' },
  94: { nvidia: ['APP', 'IGN if companion'], gpud: 'F R+I', difference: { gpud: 'contained' } },
  95: { nvidia: ['RST', 'IGN if companion'], gpud: 'F R+H', difference: { gpud: 'reset_is_enough' } },
  96: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  97: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  98: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  99: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  100: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  101: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  102: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  103: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  104: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  105: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  106: { nvidia: ['IGN', 'IGN'], gpud: 'W' },
  107: { nvidia: ['IGN', 'IGN'], gpud: 'W' },
  108: { nvidia: ['IGN', '137 flow'], gpud: 'W', difference: { nvidia: 'peer_job' } },
  109: { nvidia: ['RST', 'SUP'], gpud: 'W', difference: { gpud: 'cannot_be_used' } },
  110: { nvidia: ['RST', 'check SW'], gpud: 'F R+H', difference: { gpud: 'reset_is_enough' } },
  119: { nvidia: ['RST', 'check SW'], gpud: 'F R+H', difference: { gpud: 'reset_is_enough' } },
  120: { nvidia: ['RST', 'check SW'], gpud: 'F R+H', difference: { gpud: 'reset_is_enough' } },
  121: { nvidia: ['IGN', 'SUP'], gpud: 'F R+H', difference: { gpud: 'once_is_no_reason' } },
  122: { nvidia: 'unused', gpud: 'W' },
  123: { nvidia: 'unused', gpud: 'F R+H', difference: { gpud: 'old_boards' } },
  124: { nvidia: 'unused', gpud: 'W' },
  125: { nvidia: 'unused', gpud: 'W' },
  126: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  127: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  128: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  129: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  130: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  131: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  132: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  133: { nvidia: ['APP', 'SUP'] },
  134: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  135: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  136: { nvidia: ['RST', 'check link'], gpud: 'W', difference: { gpud: 'cannot_be_used' } },
  137: { nvidia: ['IGN', '137 flow'], gpud: 'W A', difference: { nvidia: 'peer_job' } },
  139: { nvidia: ['APP', 'SUP'], gpud: 'W' },
  140: { nvidia: ['RST', 'SUP'], gpud: 'F R+H', difference: { gpud: 'reset_is_enough' } },
  141: { nvidia: ['IGN', 'SUP'], gpud: 'W' },
  142: { nvidia: ['SUP'], gpud: 'W', difference: { nvidia: 'program_first' } },
  143: { nvidia: ['RST', 'SUP'], gpud: 'F H', difference: { gpud: 'reset_first' } },
  144: { nvidia: ['WF NVLINK5_ERR', 'WF NVLINK5_ERR'], gpud: 'W R', difference: { gpud: 'decoded' } },
  145: { nvidia: ['WF NVLINK5_ERR', 'WF NVLINK5_ERR'], gpud: 'W R', difference: { gpud: 'decoded' } },
  146: { nvidia: ['WF NVLINK5_ERR', 'WF NVLINK5_ERR'], gpud: 'W R', difference: { gpud: 'decoded' } },
  147: { nvidia: ['WF NVLINK5_ERR', 'WF NVLINK5_ERR'], gpud: 'W R', difference: { gpud: 'decoded' } },
  148: { nvidia: ['WF NVLINK5_ERR', 'WF NVLINK5_ERR'], gpud: 'W R', difference: { gpud: 'decoded' } },
  149: { nvidia: ['WF NVLINK5_ERR', 'WF NVLINK5_ERR'], gpud: 'W R', difference: { gpud: 'reset_and_graver' } },
  150: { nvidia: ['WF NVLINK5_ERR', 'WF NVLINK5_ERR'], gpud: 'W R', difference: { gpud: 'reset_and_graver' } },
  151: { nvidia: ['VM', 'SUP'], gpud: 'W R', difference: { gpud: 'machine_alone' } },
  152: { nvidia: ['IGN', 'SUP'] },
  153: { nvidia: ['IGN', 'SUP'] },
  154: { nvidia: ['154'] },
  155: { nvidia: ['RST', 'check SW'], gpud: 'W R', difference: { gpud: 'reset_and_graver' } },
  156: { nvidia: ['RST', 'IGN'], gpud: 'W R', difference: { gpud: 'maintenance' } },
  157: { nvidia: ['IGN', 'SUP'], difference: { nvidia: 'gone_for_good' } },
  158: { nvidia: ['RST', 'SUP'], gpud: 'W R', difference: { gpud: 'reset_and_graver' } },
  159: { nvidia: ['check UVM', 'report if alone'] },
  160: { nvidia: ['IGN', 'check SW'] },
  161: { nvidia: ['IGN', 'check SW'], difference: { nvidia: 'gone_for_good' } },
  162: { nvidia: 'none' },
  163: { nvidia: 'none', gpud: 'W R', difference: { gpud: 'not_by_reboot' } },
  164: { nvidia: 'none' },
  165: { nvidia: 'none' },
  166: { nvidia: 'none', gpud: 'W R', difference: { gpud: 'reset_and_graver' } },
  167: { nvidia: 'none', gpud: 'W R', difference: { gpud: 'cannot_be_used' } },
  168: { nvidia: 'none' },
  169: { nvidia: 'none', gpud: 'W R', difference: { gpud: 'reset_and_graver' } },
  170: { nvidia: 'none', gpud: 'W A' },
  171: { nvidia: 'none' },
  172: { nvidia: 'none', gpud: 'W R', difference: { gpud: 'reset_and_graver' } },
  173: { nvidia: 'unlisted', gpud: 'W R', difference: { gpud: 'cannot_be_used' } },
};

/** What others say about an XID; undefined beyond what they know. */
export function peersOf(xid: number): XidPeers | undefined {
  if (!isUnlistedXid(xid)) return XID_PEERS[xid];
  if (!UNLISTED_WITH_REBOOT.has(xid)) return { nvidia: 'unused' };
  return { nvidia: 'unused', gpud: '? R', difference: { gpud: 'old_boards' } };
}

type Ours = Pick<Finding, 'severity' | 'action'>;

/** Whether NVIDIA says to do something else at once. */
export function differsFromNvidia({ action }: Ours, { nvidia }: XidPeers): boolean {
  if (typeof nvidia === 'string') return false;
  const step: Step = NVIDIA_STEPS[nvidia[0]];
  return step.same !== undefined && !step.same.includes(action);
}

/** Whether GPUd finds it more or less grave, or suggests nothing that comes to the same. */
export function differsFromGpud({ severity, action }: Ours, { gpud }: XidPeers): boolean {
  if (gpud === undefined) return false;
  const { event, suggestions } = gpudSays(gpud);
  const severities: readonly string[] = GPUD_EVENTS[event].same;
  const actions: readonly string[] = suggestions.flatMap((one) => GPUD_SUGGESTIONS[one].same);
  return !severities.includes(severity) || (suggestions.length > 0 && !actions.includes(action));
}

/** An entry of GPUd's in its parts. */
export function gpudSays(entry: GpudEntry): {
  readonly event: keyof typeof GPUD_EVENTS;
  readonly suggestions: readonly (keyof typeof GPUD_SUGGESTIONS)[];
} {
  const [event, suggestions] = entry.split(' ') as [keyof typeof GPUD_EVENTS, string?];
  return { event, suggestions: (suggestions?.split('+') ?? []) as (keyof typeof GPUD_SUGGESTIONS)[] };
}
