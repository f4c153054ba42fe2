/** Brings the checkout up to date: packages, then every step whose fingerprint changed. Quiet when nothing did. */
import { existsSync } from 'node:fs';
import { Failure } from '../child.mjs';
import { root } from '../layout.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { fingerprint, forget, isCurrent, remember } from './fingerprint.mjs';
import { withBuildLock } from './lock.mjs';
import { steps } from './steps.mjs';

/** @typedef {import('./steps.mjs').Step} Step */

/** @param {Step} step */
async function make(step) {
  const started = Date.now();
  process.stdout.write(`building ${step.title} … `);
  forget(step.name);
  // Taken before the work: a file changed while it runs makes the step due again.
  const print = fingerprint(step.inputs, step.facts);
  try {
    await step.run();
    const missing = step.outputs.filter((path) => !existsSync(path));
    if (missing.length > 0) throw new Failure(`building ${step.title} made no ${missing.join(', ')}`);
  } catch (error) {
    process.stdout.write('failed\n');
    throw error;
  }
  remember(step.name, print);
  process.stdout.write(`${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

/** @param {Step} step */
const isDue = (step) => !isCurrent(step.name, fingerprint(step.inputs, step.facts), step.outputs);

/**
 * Installs and builds what changed.
 * @param {readonly string[]} [only] names of steps, default all
 * @returns {Promise<number>} how many steps had something to do
 * @throws {Failure} with the output of what failed
 */
export async function ensureBuilt(only) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Failure(`Node >= 20.19 is needed, this is ${process.versions.node} (${process.execPath})`);
  }
  const wanted = steps.filter((step) => only === undefined || only.includes(step.name));
  // Nothing to do is the usual case and needs no lock.
  const installed = existsSync(`${root}/node_modules/.installed-from`);
  if (installed && !(await ensureDependencies()) && !wanted.some(isDue)) return 0;
  return withBuildLock(async () => {
    let done = (await ensureDependencies()) ? 1 : 0;
    for (const step of wanted) {
      if (!isDue(step)) continue;
      await make(step);
      done++;
    }
    return done;
  });
}
