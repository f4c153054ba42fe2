/**
 * Node's own C headers, looked for on this machine before node-gyp may download them: an installation or a tarball
 * has them beside the binary, distributions put them under /usr. npm's `nodedir` key does the same only for programs
 * started through npm, and npm announces its end.
 */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Version of the headers in a folder that node-gyp takes as --nodedir.
 * @param {string} directory holding include/node (installation) or src (source tree)
 * @returns {string | undefined} "20.20.2", nothing when the headers are not there
 */
export function headersVersion(directory) {
  for (const [versionFile, gypi] of [
    ['include/node/node_version.h', 'include/node/common.gypi'],
    ['src/node_version.h', 'common.gypi'],
  ]) {
    if (!existsSync(join(directory, gypi ?? '')) || !existsSync(join(directory, versionFile ?? ''))) continue;
    const text = readFileSync(join(directory, versionFile ?? ''), 'utf8');
    const parts = ['MAJOR', 'MINOR', 'PATCH'].map(
      (part) => new RegExp(`#define NODE_${part}_VERSION (\\d+)`).exec(text)?.[1],
    );
    if (parts.every((part) => part !== undefined)) return parts.join('.');
  }
  return undefined;
}

/** Folders that may hold headers, best first. */
function candidates() {
  const { env, execPath, version } = process;
  return [
    ['npm_config_nodedir', env.npm_config_nodedir],
    ['beside the running Node', dirname(dirname(execPath))],
    ['the system', '/usr'],
    ['the system', '/usr/local'],
    ['the cache of node-gyp', join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'node-gyp', version.slice(1))],
  ];
}

/**
 * @typedef {object} HeaderSearch
 * @property {string} [directory] what to give node-gyp as --nodedir, nothing when none fit
 * @property {string[]} tried one line per place: where, and what was there
 */

/**
 * Looks for headers of the running version. Headers of another version of Node 20 or later are taken when there are
 * none of the same: the addon uses Node-API alone, whose declarations do not change within NAPI_VERSION 8.
 * @returns {HeaderSearch}
 */
export function findNodeHeaders() {
  /** @type {string[]} */
  const tried = [];
  /** @type {string | undefined} */
  let otherVersion;
  for (const [name, directory] of candidates()) {
    if (directory === undefined || directory === '') continue;
    const version = headersVersion(directory);
    tried.push(`${directory} (${name}): ${version === undefined ? 'no headers' : `headers of Node ${version}`}`);
    if (version === process.versions.node) return { directory, tried };
    if (version !== undefined && Number.parseInt(version, 10) >= 20) otherVersion ??= directory;
  }
  return otherVersion === undefined ? { tried } : { directory: otherVersion, tried };
}
