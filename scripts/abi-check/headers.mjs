/**
 * The real headers, two of them: Debian's libnvidia-ml-dev and the one in the Go module go-nvml. Both come through
 * their registries' own clients, stay below out/ and are never committed.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, runChild } from '../child.mjs';
import { unpackedDebianPackage } from '../debian-package.mjs';
import { inRoot } from '../layout.mjs';

/** Version of the Go module whose header is compared; its "latest" is refused by the module proxy. */
const goModule = 'github.com/NVIDIA/go-nvml@v0.13.3-1';

/**
 * @typedef {object} RealHeader
 * @property {string} name for messages
 * @property {string} path absolute path of nvml.h
 */

/** @returns {Promise<RealHeader>} */
async function debianHeader() {
  const folder = await unpackedDebianPackage('libnvidia-ml-dev', 'non-free');
  const path = join(folder, 'usr', 'include', 'nvml.h');
  if (!existsSync(path)) throw new Failure('the package libnvidia-ml-dev holds no usr/include/nvml.h');
  return { name: 'Debian libnvidia-ml-dev', path };
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
