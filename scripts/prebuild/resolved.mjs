/** What node-gyp-build, which loads the addon on every host, makes of a folder of prebuilt addons. */
import { createRequire } from 'node:module';
import { Failure, mustRun } from '../child.mjs';
import { prebuilt } from '../layout.mjs';

const loader = createRequire(import.meta.url).resolve('node-gyp-build');

/**
 * Fails unless node-gyp-build takes the addon of a tree for an architecture, where there is no build of the host's own.
 * @param {string} tree folder with prebuilds/
 * @param {string} arch Node's name of the architecture; need not be this machine's, for nothing is loaded
 */
export async function assertResolved(tree, arch) {
  const text = `process.stdout.write(require(${JSON.stringify(loader)}).path(${JSON.stringify(tree)}))`;
  const { stdout } = await mustRun(
    `looking up the addon for ${arch} as node-gyp-build does`,
    process.execPath,
    ['-e', text],
    { env: { ...process.env, PREBUILDS_ONLY: '1', npm_config_arch: arch, LIBC: 'glibc' } },
  );
  const { addon } = prebuilt(tree, arch);
  if (stdout !== addon) throw new Failure(`node-gyp-build takes ${stdout} for ${arch}, not ${addon}`);
}
