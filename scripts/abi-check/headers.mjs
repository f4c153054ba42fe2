/**
 * The real headers, two of them: Debian's libnvidia-ml-dev and the one in the Go module go-nvml. Both come through
 * their registries' own clients, stay below out/ and are never committed.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, mustRun, runChild } from '../child.mjs';
import { inRoot } from '../layout.mjs';

/** Version of the Go module whose header is compared; its "latest" is refused by the module proxy. */
const goModule = 'github.com/NVIDIA/go-nvml@v0.13.3-1';

/**
 * @typedef {object} RealHeader
 * @property {string} name for messages
 * @property {string} path absolute path of nvml.h
 */

/** Lines `uri|codename|component|key file` of the package lists apt is configured for. */
async function configuredLists() {
  const format = '$(REPO_URI)|$(CODENAME)|$(COMPONENT)|$(SIGNED_BY)';
  const { stdout } = await mustRun('asking apt for its sources', 'apt-get', [
    'indextargets',
    '--format',
    format,
    'Created-By: Packages',
  ]);
  return stdout.split('\n').map((line) => line.split('|'));
}

/**
 * Debian's header, from the component non-free of whatever mirror this machine already uses. apt gets a source list,
 * an index and a cache of its own, so the machine's configuration stays as it is.
 * @returns {Promise<RealHeader>}
 */
async function debianHeader() {
  const folder = inRoot('out', 'abi', 'debian');
  const header = join(folder, 'unpacked', 'usr', 'include', 'nvml.h');
  const named = { name: 'Debian libnvidia-ml-dev', path: header };
  if (existsSync(header)) return named;
  const main = (await configuredLists()).find(
    ([, codename, component]) => codename === 'bookworm' && component === 'main',
  );
  if (main === undefined) throw new Failure('no package list of Debian bookworm: run apt-get update first');
  const [uri, codename, , key] = main;
  for (const path of ['lists/partial', 'cache/archives/partial', 'packages']) {
    mkdirSync(join(folder, path), { recursive: true });
  }
  const signedBy = key?.startsWith('/') ? `[signed-by=${key}] ` : '';
  writeFileSync(join(folder, 'sources.list'), `deb ${signedBy}${uri} ${codename} non-free\n`);
  const own = [
    `Dir::Etc::sourcelist=${join(folder, 'sources.list')}`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::lists=${join(folder, 'lists')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
    // The folder belongs to this user; apt's own user need not reach it.
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
  await mustRun('reading the index of non-free', 'apt-get', [...own, '-qq', 'update']);
  const packages = join(folder, 'packages');
  await mustRun('downloading libnvidia-ml-dev', 'apt-get', [...own, '-qq', 'download', 'libnvidia-ml-dev'], {
    cwd: packages,
  });
  const archive = readdirSync(packages).find((name) => name.endsWith('.deb'));
  if (archive === undefined) throw new Failure('apt-get downloaded no libnvidia-ml-dev');
  await mustRun('unpacking libnvidia-ml-dev', 'dpkg', ['-x', join(packages, archive), join(folder, 'unpacked')]);
  if (!existsSync(header)) throw new Failure(`${archive} holds no usr/include/nvml.h`);
  return named;
}

/** @returns {Promise<RealHeader>} */
async function goHeader() {
  const modules = inRoot('out', 'abi', 'go');
  mkdirSync(modules, { recursive: true });
  const { code, stdout, output } = await runChild('go', ['mod', 'download', '-json', goModule], {
    cwd: modules,
    env: { ...process.env, GOMODCACHE: modules, GOFLAGS: '-mod=mod -modcacherw' },
  });
  if (code !== 0) throw new Failure(`downloading ${goModule} failed`, output);
  const { Dir: folder } = JSON.parse(stdout);
  const path = ['pkg/nvml/nvml.h', 'gen/nvml/nvml.h'].map((p) => join(folder, p)).find((p) => existsSync(p));
  if (path === undefined) throw new Failure(`${goModule} holds no nvml.h`);
  return { name: goModule, path };
}

/**
 * Both real headers, oldest first.
 * @returns {Promise<RealHeader[]>}
 * @throws {Failure} when one cannot be had: a missing header is a failure, not a skip
 */
export async function realHeaders() {
  return [await debianHeader(), await goHeader()];
}
