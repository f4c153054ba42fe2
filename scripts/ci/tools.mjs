/** Tools of the checks that a fresh Debian machine does not have. Only CI installs; elsewhere they are named. */
import { Failure, mustRun, runChild } from '../child.mjs';

/** What is run, and the Debian package it comes from. */
const tools = [
  { probe: ['clang-format-15', '--version'], packages: ['clang-format-15'] },
  { probe: ['clang-tidy-15', '--version'], packages: ['clang-tidy-15'] },
  { probe: ['clang++-16', '--version'], packages: ['clang-16', 'libclang-rt-16-dev'] },
  { probe: ['go', 'version'], packages: ['golang-go'] },
  { probe: ['g++', '--version'], packages: ['g++'] },
  { probe: ['make', '--version'], packages: ['make'] },
  { probe: ['git', '--version'], packages: ['git'] },
];

/**
 * Installs what is missing when this is CI, as root.
 * @throws {Failure} that names what could not be had
 */
export async function ensureTools() {
  /** @type {string[]} */
  const missing = [];
  for (const { probe, packages } of tools) {
    const [command = '', ...args] = probe;
    if ((await runChild(command, args)).code !== 0) missing.push(...packages);
  }
  if (missing.length === 0) return;
  if (process.env.CI !== 'true' || process.getuid?.() !== 0) {
    throw new Failure(`not installed: apt-get install --no-install-recommends ${missing.join(' ')}`);
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await mustRun('reading package lists', 'apt-get', ['-qq', 'update'], { env });
  await mustRun(
    `installing ${missing.join(' ')}`,
    'apt-get',
    ['-qq', 'install', '--yes', '--no-install-recommends', ...missing],
    { env, timeoutSeconds: 600 },
  );
}
