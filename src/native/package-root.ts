import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Directory of the installed package (or the checkout): the nearest one above this file whose package.json is ours.
 * The same from the bundle and from the sources. Throws when there is none. Reads synchronously: once, at start, before
 * anything is served.
 */
export function packageRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let directory = start; ; directory = dirname(directory)) {
    const file = join(directory, 'package.json');
    if (existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown }).name === 'gpu-node-agent') {
      return directory;
    }
    if (directory === dirname(directory)) {
      throw new Error(`no package.json of gpu-node-agent in ${start} or above: the installation is incomplete`);
    }
  }
}
