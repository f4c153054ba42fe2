/**
 * The agent as a few files: one that begins, and one for each part that is loaded when it is needed. Loading hundreds of
 * module files costs a daemon 20 MiB and a quarter of a second; see docs/decisions. The addon stays outside:
 * node-gyp-build finds it at run time beside package.json.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../child.mjs';
import { bundleNoticesPath, bundlePath, inRoot } from '../layout.mjs';
import { writeNotices } from './notices.mjs';

/**
 * What fastify loads only when asked for what the agent never asks for: its compilers of schemas, which
 * src/http/compilers.ts replaces, and requests without a network, which tests make. A fifth of the bundle.
 */
const NEVER_LOADED = /^(?:@fastify\/ajv-compiler|@fastify\/fast-json-stringify-compiler|light-my-request)$/;

/** Node's own modules that fastify loads for servers of kinds that are not asked for: 15 ms of a start. */
const OTHER_SERVERS = /^node:http(?:2|s)$/;

/** One code unit: in a regular expression, too, each has its escape. */
const BEYOND_ASCII = /[^\0-\x7f]/g;

/** @type {import('esbuild').Plugin} */
const leaveOut = {
  name: 'leave-out',
  setup(build) {
    build.onResolve({ filter: NEVER_LOADED }, ({ path }) => ({ path, namespace: 'left-out' }));
    build.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`${path} is not part of the bundle`)});`,
    }));
    build.onResolve({ filter: OTHER_SERVERS }, ({ path, importer }) =>
      importer.includes('/node_modules/fastify/') ? { path, namespace: 'empty' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/** The commit that is checked out, shortened; undefined outside a repository. Changes beside it are not told. */
export const commit = checkedOut();

function checkedOut() {
  // Not the commit of a repository that this folder happens to lie in.
  if (!existsSync(inRoot('.git'))) return undefined;
  try {
    const args = ['-C', inRoot(), 'rev-parse', '--short=12', 'HEAD'];
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

/**
 * systeminformation has a character beyond ASCII in a regular expression, where esbuild leaves it as it is.
 * @type {import('esbuild').Plugin}
 */
const asciiPackages = {
  name: 'ascii-packages',
  setup(build) {
    build.onLoad({ filter: /\/node_modules\/systeminformation\/.*\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(
        BEYOND_ASCII,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
      ),
    }));
  },
};

/**
 * Bundles src/cli/main.ts to dist/: gpu-node-agent.mjs and what it loads, with source maps and the licences of what is
 * inside.
 * @throws {Failure} with esbuild's messages
 */
export async function bundle() {
  // Loaded late: this file is imported before packages are installed.
  const { build } = await import('esbuild');
  const { esbuildTextAssets } = await import('../text-assets.mjs');
  const entry = inRoot('src', 'cli', 'main.ts');
  // A hashbang in the entry would be kept, and must then stay the only first line.
  const hashbang = readFileSync(entry, 'utf8').startsWith('#!') ? [] : ['#!/usr/bin/env node'];
  const folder = dirname(bundlePath);
  rmSync(folder, { recursive: true, force: true });
  const result = await build({
    entryPoints: { [basename(bundlePath, '.mjs')]: entry },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    sourcemap: 'linked',
    sourcesContent: false,
    // Names stay for stack traces; white space and long forms go: 5 MiB less to hold in memory.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    metafile: true,
    logLevel: 'silent',
    define: { BUILD_COMMIT: commit === undefined ? 'undefined' : JSON.stringify(commit) },
    external: ['node-gyp-build'],
    plugins: [esbuildTextAssets(), leaveOut, asciiPackages],
    // CommonJS packages inside the bundle call require() for Node's own modules; an ES module has none.
    banner: {
      js: [
        ...hashbang,
        "import { createRequire as createRequireForBundle } from 'node:module';",
        'const require = createRequireForBundle(import.meta.url);',
      ].join('\n'),
    },
  }).catch((error) => {
    throw new Failure('bundling the agent failed', /** @type {Error} */ (error).message);
  });
  if (result.warnings.length > 0) {
    throw new Failure('bundling the agent gave warnings', result.warnings.map((w) => w.text).join('\n'));
  }
  for (const name of readdirSync(folder)) if (name.endsWith('.mjs')) mustBeAscii(join(folder, name));
  writeNotices(Object.keys(result.metafile.inputs), bundleNoticesPath);
  chmodSync(bundlePath, 0o755);
}

/**
 * From Node 22 on a source with one character beyond ASCII is held as UTF-16: twice its size for the whole life of the
 * service.
 * @param {string} path
 */
function mustBeAscii(path) {
  const line = readFileSync(path, 'utf8')
    .split('\n')
    .find((text) => text.search(BEYOND_ASCII) >= 0);
  if (line === undefined) return;
  const at = line.search(BEYOND_ASCII);
  throw new Failure(
    `${basename(path)} is not ASCII: write it as an escape`,
    `…${line.slice(Math.max(0, at - 60), at + 60)}…`,
  );
}
