/** What the npm package holds: everything the agent needs on both architectures, and nothing of the simulator. */
import { relative } from 'node:path';
import { Failure } from '../child.mjs';
import { prebuilt } from '../layout.mjs';

/** Without one of these the agent does not run, or may not be handed on. */
const needed = [
  'package.json',
  'LICENSE',
  'README.md',
  'CHANGELOG.md',
  'dist/gpu-node-agent.mjs',
  'dist/gpu-node-agent.mjs.map',
  'dist/THIRD-PARTY-NOTICES.txt',
  ...['x64', 'arm64'].flatMap((arch) => {
    const { addon, sampler } = prebuilt('/', arch);
    return [relative('/', addon), relative('/', sampler)];
  }),
];

/** What may be there beside: parts of the bundle, the sources of the native half, and how to deploy. */
const allowed = /^(?:dist\/[\w-]+\.mjs(?:\.map)?$|native\/|deploy\/|binding\.gyp$)/;

/**
 * @param {readonly string[]} paths of the files in the package
 * @throws {Failure} that names a file that is missing or does not belong there
 */
export function checkContents(paths) {
  const missing = needed.filter((path) => !paths.includes(path));
  if (missing.length > 0) throw new Failure(`the package lacks ${missing.join(', ')}`);
  const foreign = paths.filter((path) => !needed.includes(path) && !allowed.test(path));
  if (foreign.length > 0) throw new Failure(`the package holds ${foreign.join(', ')}`);
}
