/** Licences of the packages whose code is inside the bundle: their terms ask that the text goes along. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Failure } from '../child.mjs';
import { inRoot } from '../layout.mjs';

/**
 * Folders of the packages that gave files to a bundle, relative to the root, sorted.
 * @param {readonly string[]} inputs paths as in esbuild's metafile
 */
export function bundledPackages(inputs) {
  const folders = inputs.map((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return [...new Set(folders.filter((folder) => folder !== undefined))].sort();
}

/**
 * Writes one text with every package's name, version and licence.
 * @param {readonly string[]} inputs paths as in esbuild's metafile
 * @param {string} path where to
 * @throws {Failure} when a package brings no licence text
 */
export function writeNotices(inputs, path) {
  const notices = bundledPackages(inputs).map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(inRoot(folder, 'package.json'), 'utf8'));
    const file = readdirSync(inRoot(folder)).find((entry) => /^(?:licen[cs]e|copying)(?:[.-]|$)/i.test(entry));
    if (file === undefined && license === undefined) throw new Failure(`${folder} states no licence`);
    const text = file === undefined ? '' : readFileSync(inRoot(folder, file), 'utf8').trim();
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  const line = `\n${'-'.repeat(80)}\n\n`;
  writeFileSync(path, `Packages whose code is part of these files, and their licences.\n${line}${notices.join(line)}`);
}
