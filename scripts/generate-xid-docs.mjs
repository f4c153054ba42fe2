// Generates docs/xid.md from the catalogue of XIDs. `--check` compares instead of writing (CI).
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { importSources } from './import-sources.mjs';
import { inRoot } from './layout.mjs';

const path = inRoot('docs', 'xid.md');

const {
  XID_CATALOGUE,
  UNLISTED_XIDS,
  DIFFERENCES,
  NVIDIA_STEPS,
  GPUD_EVENTS,
  GPUD_SUGGESTIONS,
  NVLINK5_ADVICE,
  RECOVERY_ACTIONS,
  gpudSays,
  peersOf,
  xidFacts,
} = await importSources(inRoot('src', 'model'), [
  "export { XID_CATALOGUE, xidFacts } from './xid.js';",
  "export { UNLISTED_XIDS } from './xid/unlisted.js';",
  "export { DIFFERENCES } from './xid/differences.js';",
  "export { GPUD_EVENTS, GPUD_SUGGESTIONS, NVIDIA_STEPS, gpudSays, peersOf } from './xid/peers.js';",
  "export { NVLINK5_ADVICE } from './xid/nvlink5.js';",
  "export { RECOVERY_ACTIONS } from './recovery-action.js';",
]);

/** @param {string} text a cell of a table */
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

/** @param {readonly string[]} heads @param {readonly (readonly string[])[]} rows */
const table = (heads, rows) =>
  [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** @param {{ severity: string, action: string }} facts */
const verdict = ({ severity, action }) => `${severity}, \`${action}\``;

/** @param {readonly (readonly [number, number])[]} ranges */
const rangesText = (ranges) =>
  ranges.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(', ');

/** @type {Readonly<Record<string, string>>} */
const WHEN = {
  other_workload: 'When another workload meets it on the same GPU',
  again: 'When it comes again',
  after_reset: 'When it comes again after a reset',
};
/** @type {Readonly<Record<string, string>>} */
const UNTIL = { quiet: 'quiet for a while', reset: 'reset', repair: 'cleared by hand' };

/** @param {any} facts */
function row({ xid, meaning, severity, action, nextStep, until, onRepeat, with: companions = [] }) {
  const steps = [cell(nextStep)];
  if (onRepeat !== undefined)
    steps.push(`**${WHEN[onRepeat.when]}** (${verdict(onRepeat)}): ${cell(onRepeat.nextStep)}`);
  const leads = companions.filter((/** @type {any} */ { role }) => role === 'leads');
  const [follows] = companions.filter((/** @type {any} */ { role }) => role === 'follows');
  if (leads.length > 0) {
    const says = leads.map((/** @type {any} */ { says, severity: other = severity }) =>
      other === severity ? says : `${says} (${other})`,
    );
    steps.push(`**Beside it**: ${says.join('; ')}.`);
  }
  if (follows !== undefined) {
    steps.push(`Part of the finding of ${follows.xids === 'any' ? 'the XID it comes with' : `XID ${follows.xids}`}.`);
  }
  const decided = xid === 154 ? 'by the [recovery action](#recovery-action)' : verdict({ severity, action });
  return [`<a id="xid-${xid}"></a>${xid}`, cell(meaning), decided, steps.join('<br>'), UNTIL[until] ?? ''];
}

/** @param {any} peers */
function nvidiaText({ nvidia }) {
  if (nvidia === 'unused') return 'unused since Ampere';
  if (nvidia === 'none') return 'no step';
  if (nvidia === 'unlisted') return 'not in the snapshot';
  return nvidia.map((/** @type {string} */ step) => NVIDIA_STEPS[step].words).join(', then ');
}

/** @param {any} peers */
function gpudText({ gpud }) {
  if (gpud === undefined) return 'does not have it';
  const { event, suggestions } = gpudSays(gpud);
  return [GPUD_EVENTS[event].words, suggestions.map((/** @type {string} */ one) => GPUD_SUGGESTIONS[one].words)]
    .flat()
    .join(', ');
}

/** Those that anybody else has a word for. */
const ACTIONS = [
  'none',
  'watch',
  'restart_workload',
  'fix_configuration',
  'check_hardware',
  'reset_gpu',
  'reboot_node',
  'power_cycle',
  'replace',
];

/** @param {Record<string, any>} codes @param {string} action */
const sameAs = (codes, action) =>
  Object.values(codes)
    .filter(({ same = [] }) => same.includes(action))
    .map(({ words }) => words)
    .join(', ') || 'nothing';

/** Every number that is known or known to be unused. @type {number[]} */
const numbers = [
  ...XID_CATALOGUE.map((/** @type {any} */ { xid }) => xid),
  ...UNLISTED_XIDS.flatMap((/** @type {[number, number]} */ [first, last]) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index),
  ),
].sort((a, b) => a - b);

/** @param {string} id */
function difference(id) {
  const { title, why } = DIFFERENCES[id];
  const rows = numbers.flatMap((xid) => {
    const peers = peersOf(xid);
    const { nvidia, gpud } = peers?.difference ?? {};
    if (nvidia !== id && gpud !== id) return [];
    const theirs = [];
    if (nvidia === id) theirs.push(`NVIDIA: ${nvidiaText(peers)}`);
    if (gpud === id) theirs.push(`GPUd: ${gpudText(peers)}`);
    return [{ xid, ours: verdict(xidFacts(xid)), theirs: theirs.join('<br>') }];
  });
  // XIDs of which all say the same share a line.
  /** @type {Map<string, { xids: number[], ours: string, theirs: string }>} */
  const lines = new Map();
  for (const { xid, ours, theirs } of rows) {
    const line = lines.get(`${ours}|${theirs}`) ?? { xids: [], ours, theirs };
    line.xids.push(xid);
    lines.set(`${ours}|${theirs}`, line);
  }
  const cells = [...lines.values()].map(({ xids, ours, theirs }) => [xids.join(', '), ours, theirs]);
  return `### ${title}\n\n${why}\n\n${table(['XID', 'Here', 'There'], cells)}\n`;
}

const text = `<!-- Generated by scripts/generate-xid-docs.mjs from src/model/xid. Do not edit. -->
# XIDs

An XID is the number under which NVIDIA's driver tells a fault of a GPU, in the kernel log and as an event. This is what
each of them means, how grave it is, and what to do. The facts come from NVIDIA's public catalogue and from GPUd's table;
the words, severities and steps are ours.

- **Severity.** \`info\`: nothing is asked of those who run the node, also where a program failed by its own fault and
  has to be started again. \`warning\`: the GPU goes on, look at it or act at the next maintenance. \`critical\`: the GPU or
  the node needs a step before it can be relied on.
- **Action** is one word of a closed set. \`reset_gpu\` always means: drain the GPU first. \`check_hardware\` is to find out
  what is broken: power, seating, cables, a long diagnostic. \`replace\` is for what cannot get better: worn out, spares
  used up, or back after a reset. \`watch\`: wait whether it comes again.
- **Until.** Information and warnings end when the XID has not come for a while; what only a reset cures stands until the GPU
  was reset or the driver loaded anew; what no reset cures stands until somebody clears it.
- **A process that the kernel log names** need not be the one at fault: one GPU may be used by several.

## Each XID

${table(['XID', 'Meaning', 'Severity, action', 'What to do', 'Until'], XID_CATALOGUE.map(row))}

**Not used** on GPUs of the Ampere generation and newer, only of display engines, or reserved: ${rangesText(UNLISTED_XIDS)}.
They are ${verdict(xidFacts(1))}.

**Any other number** is newer than this agent: ${verdict(xidFacts(1000))}. ${cell(xidFacts(1000).nextStep)}

## NVLink 5

XIDs 144 to 150 are decided by what the line of the kernel log says, where it can be read: the unit and its error status
ask for a reset of the GPU (${verdict(NVLINK5_ADVICE.reset)}), for what the driver recommends
(${verdict(NVLINK5_ADVICE.evaluate)}, see XID 154), or for nothing (${verdict(NVLINK5_ADVICE.ignore)}). Three statuses of
RLW_RXPIPE are harmless once and ask for a reset the second time. A status or unit that is in no table is judged by the
driver's word in the line: fatal asks for a reset, anything else for what the driver recommends. Of the reasons for which a
link goes down NVIDIA calls two harmless; which two is not known to us, so all of them ask for a reset.

## Recovery action

What the driver recommends for a GPU (metric \`gpu_recovery_action\`, drivers 570 and newer; XID 154 tells that it changed):

${table(
  ['Recovery action', 'Severity, action', 'What to do'],
  RECOVERY_ACTIONS.map((/** @type {any} */ advice) => [`\`${advice.name}\``, verdict(advice), cell(advice.nextStep)]),
)}

## Where others say something else

Compared are NVIDIA's public catalogue as of 2025-10-29 (its first step) and GPUd's table (type of event and suggested
repair). These count as the same; NVIDIA's other codes lead through steps that end in several ways.

${table(
  ['Here', 'NVIDIA', 'GPUd'],
  ACTIONS.map((action) => [`\`${action}\``, sameAs(NVIDIA_STEPS, action), sameAs(GPUD_SUGGESTIONS, action)]),
)}

A fatal event of GPUd's is as grave as \`critical\`, a warning as anything less.

${Object.keys(DIFFERENCES).map(difference).join('\n')}
## Side by side

${table(
  ['XID', 'Here', 'NVIDIA', 'GPUd'],
  XID_CATALOGUE.map((/** @type {any} */ facts) => {
    const peers = peersOf(facts.xid);
    const ours = facts.xid === 154 ? 'by the recovery action' : verdict(facts);
    return [`[${facts.xid}](#xid-${facts.xid})`, ours, nvidiaText(peers), gpudText(peers)];
  }),
)}
`;

if (!process.argv.includes('--check')) {
  writeFileSync(path, text);
} else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
  console.error('docs/xid.md differs from the catalogue: run node scripts/generate-xid-docs.mjs');
  process.exitCode = 1;
}
