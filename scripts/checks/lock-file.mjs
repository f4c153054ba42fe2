/** The lock file belongs to package.json, pins every direct package exactly, and names no registry. */
import { readFileSync } from 'node:fs';
import { inRoot } from '../layout.mjs';

/** @type {import('./check.mjs').Check} */
export const lockFile = {
  name: 'lock file',
  async run() {
    const manifest = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
    const text = readFileSync(inRoot('package-lock.json'), 'utf8');
    const top = JSON.parse(text).packages[''];
    /** @type {string[]} */
    const found = [];
    for (const kind of ['dependencies', 'devDependencies']) {
      for (const [name, version] of Object.entries(manifest[kind])) {
        if (!/^\d+\.\d+\.\d+$/.test(version)) found.push(`${name}: "${version}" is not one exact version`);
        if (top[kind]?.[name] !== version) found.push(`${name}: package-lock.json does not have ${version}`);
      }
    }
    if (text.includes('"resolved"')) {
      found.push('package-lock.json names a registry: npm install --omit-lockfile-registry-resolved');
    }
    return { code: found.length === 0 ? 0 : 1, output: found.map((line) => `${line}\n`).join('') };
  },
};
