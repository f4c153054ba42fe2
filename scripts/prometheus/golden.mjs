/**
 * Golden expositions: what each scenario's agent exposes by default after the same steps of a clock that stands. They
 * show what a change does to users; that the values are right is told by the expectations beside the scenarios.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { inRoot } from '../layout.mjs';

/** About the agent itself: differs from run to run, and is shown by tests of its own. */
const OWN = /^(?:gpu_agent_|process_|nodejs_)/;
const SHOWN_DIFFERENCES = 20;

/** Sums of energy and time are added up at moments that differ from run to run, and so do their last digits. */
const SIGNIFICANT_DIGITS = 12;

/** @param {string} scenario */
export const goldenPath = (scenario) => inRoot('test', 'golden', `${scenario}.metrics`);

/**
 * The lines of the devices, sorted, without HELP and TYPE: those are in docs/metrics.md.
 * @param {string} exposition in the text format
 * @returns {readonly string[]}
 */
export const deviceLines = (exposition) =>
  exposition
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#') && !OWN.test(line))
    .sort();

/** @param {string} line */
const rounded = (line) =>
  line.replace(/ (\d+\.\d+)$/, (_, value) => ` ${Number(Number(value).toPrecision(SIGNIFICANT_DIGITS))}`);

/**
 * @param {string} scenario
 * @param {readonly string[]} exact
 * @param {boolean} update write the golden file anew
 * @returns {readonly string[]} what differs, as lines to print; none when alike
 */
export function compareWithGolden(scenario, exact, update) {
  const lines = exact.map(rounded);
  const path = goldenPath(scenario);
  if (update) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${lines.join('\n')}\n`);
    return [];
  }
  if (!existsSync(path)) return [`${path} is not there; write it with --update`];
  const golden = new Set(readFileSync(path, 'utf8').trimEnd().split('\n'));
  const now = new Set(lines);
  const differences = [
    ...[...golden].filter((line) => !now.has(line)).map((line) => `- ${line}`),
    ...lines.filter((line) => !golden.has(line)).map((line) => `+ ${line}`),
  ];
  const more = differences.length - SHOWN_DIFFERENCES;
  return more > 0 ? [...differences.slice(0, SHOWN_DIFFERENCES), `… and ${more} more`] : differences;
}
