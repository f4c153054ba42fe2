import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Addon } from './addon.js';
import { packageRoot } from './package-root.js';

/** Version of what crosses between the halves that this one was written for (kInterfaceVersion of module.cpp). */
export const EXPECTED_ABI = 13;

/** The addon could not be loaded. The message says what was tried, what was there and what to do. */
export class AddonError extends Error {
  override readonly name = 'AddonError';
  readonly code = 'ADDON_UNAVAILABLE';
}

/** Addon files below the places where node-gyp-build looks, for the message. */
function foundBelow(root: string): string[] {
  const folders = [join(root, 'build', 'Release'), join(root, 'prebuilds', `linux-${process.arch}`)];
  return folders.map((folder) => {
    if (!existsSync(folder)) return `${folder}: not there`;
    const files = readdirSync(folder).filter((name) => name.endsWith('.node'));
    return `${folder}: ${files.length === 0 ? 'no .node file' : files.join(', ')}`;
  });
}

function explain(root: string, cause: string): string {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  const libc = report?.header?.glibcVersionRuntime;
  return [
    `the native addon could not be loaded on linux-${process.arch}, Node ${process.versions.node}, ${
      libc === undefined ? 'no glibc' : `glibc ${libc}`
    }: ${cause}`,
    ...foundBelow(root).map((line) => `  ${line}`),
    'next step: in a checkout run `npm run build`; of a package install the one for this platform (x64 or arm64, glibc 2.28 or newer)',
  ].join('\n');
}

let loaded: Addon | undefined;

/** Loads the addon once per thread. Throws `AddonError`. */
export function loadAddon(): Addon {
  if (loaded !== undefined) return loaded;
  const root = packageRoot();
  let addon: Addon;
  try {
    const load = createRequire(import.meta.url)('node-gyp-build') as (directory: string) => Addon;
    addon = load(root);
  } catch (error) {
    throw new AddonError(explain(root, (error as Error).message), { cause: error });
  }
  if (addon.abi !== EXPECTED_ABI) {
    throw new AddonError(
      explain(
        root,
        `it has interface version ${addon.abi}, this agent needs ${EXPECTED_ABI}: the two are of different builds`,
      ),
    );
  }
  loaded = addon;
  return addon;
}
