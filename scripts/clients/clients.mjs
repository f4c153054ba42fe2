/** The programs that are not ours, and how each is had: by package name, below out/, installed nowhere. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, mustRun } from '../child.mjs';
import { unpackedDebianPackage } from '../debian-package.mjs';
import { inRoot } from '../layout.mjs';

/** Where everything of this lies. */
const folder = inRoot('out', 'clients');

/**
 * A Python environment with these packages, at these versions and no others.
 * @param {string} name of the environment
 * @param {readonly string[]} packages pip's `name==version`
 * @returns {Promise<string>} its python
 */
async function pythonWith(name, packages) {
  const environment = join(folder, name);
  const python = join(environment, 'bin', 'python');
  const complete = join(environment, 'complete');
  const wanted = packages.join('\n');
  if (existsSync(complete) && readFileSync(complete, 'utf8') === wanted) return python;
  await mustRun('making a Python environment', 'python3', ['-m', 'venv', '--clear', environment]);
  await mustRun(`installing ${packages.join(' ')}`, python, ['-m', 'pip', 'install', '--quiet', ...packages], {
    timeoutSeconds: 300,
  });
  writeFileSync(complete, wanted);
  return python;
}

/**
 * The driver's library in one of Debian's packages.
 * @param {string} name of the package
 * @param {string} place folder below usr/lib/x86_64-linux-gnu/nvidia
 * @returns {Promise<string>} the file with the version in its name
 */
async function nvidiaLibrary(name, place) {
  const unpacked = await unpackedDebianPackage(name, 'non-free');
  const libraries = join(unpacked, 'usr', 'lib', 'x86_64-linux-gnu', 'nvidia', place);
  const file = readdirSync(libraries).find((entry) => /^libnvidia-ml\.so\.\d+\./.test(entry));
  if (file === undefined) throw new Failure(`the package ${name} holds no library`);
  return join(libraries, file);
}

/**
 * The program that calls go-nvml, with the module at the version its go.sum names.
 * @returns {Promise<string>}
 */
async function goProgram() {
  const program = join(folder, 'go-nvml');
  const modules = join(folder, 'go-modules');
  await mustRun('building the program that calls go-nvml', 'go', ['build', '-o', program, '.'], {
    cwd: inRoot('test', 'clients', 'go-nvml'),
    // What the binding's header calls deprecated is called here because it is.
    env: {
      ...process.env,
      GOMODCACHE: modules,
      GOFLAGS: '-mod=readonly -modcacherw',
      CGO_CFLAGS: '-O2 -Wno-deprecated-declarations',
    },
    timeoutSeconds: 600,
  });
  return program;
}

/**
 * @typedef {object} Client
 * @property {string} name
 * @property {() => Promise<string>} ensure fetches it when it is not there; returns what runs it
 */

/** @type {readonly Client[]} */
const clients = [
  { name: 'nvidia-ml-py', ensure: () => pythonWith('nvidia-ml-py', ['nvidia-ml-py==13.615.71']) },
  { name: 'go-nvml', ensure: goProgram },
  {
    name: 'nvitop',
    ensure: () =>
      pythonWith('nvitop', ['nvitop==1.7.2', 'nvitop-exporter==1.7.2', 'nvidia-ml-py==13.615.71', 'psutil==7.2.2']),
  },
  { name: 'nvtop', ensure: async () => join(await unpackedDebianPackage('nvtop', 'contrib'), 'usr', 'bin', 'nvtop') },
  {
    name: 'nvidia-smi',
    ensure: async () =>
      join(await unpackedDebianPackage('nvidia-smi', 'non-free'), 'usr', 'lib', 'nvidia', 'current', 'nvidia-smi'),
  },
  { name: 'libnvidia-ml 535', ensure: () => nvidiaLibrary('libnvidia-ml1', 'current') },
  { name: 'libnvidia-ml 470', ensure: () => nvidiaLibrary('libnvidia-tesla-470-ml1', 'tesla-470') },
  // What reads a screen is no client, and needed for one.
  { name: 'terminal', ensure: () => pythonWith('terminal', ['pyte==0.8.2']) },
];

/**
 * Fetches every client and writes down where each is, for the tests. One that cannot be had is left out, with the
 * reason on the terminal.
 * @returns {Promise<string[]>} names of those left out
 */
export async function ensureClients() {
  mkdirSync(folder, { recursive: true });
  /** @type {Record<string, string>} */
  const places = {};
  /** @type {string[]} */
  const missing = [];
  for (const { name, ensure } of clients) {
    try {
      places[name] = await ensure();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      missing.push(name);
      console.log(`left out: ${name}: ${error.message}\n${error.output.trimEnd()}`);
    }
  }
  writeFileSync(join(folder, 'places.json'), `${JSON.stringify(places, undefined, 2)}\n`);
  return missing;
}
