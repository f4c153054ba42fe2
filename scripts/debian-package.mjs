/**
 * Packages of Debian that are only looked at or run from where they are unpacked: below out/debian, never installed. They
 * come from whatever mirror this machine already uses, also from components it is not configured for. apt gets a source
 * list, an index and a cache of its own, so the machine's configuration stays as it is.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, mustRun } from './child.mjs';
import { inRoot } from './layout.mjs';

const CODENAME = 'bookworm';

/** @typedef {'main' | 'contrib' | 'non-free'} Component */

/** Lines `uri|codename|component|key file` of the package lists apt is configured for. */
async function configuredLists() {
  const format = '$(REPO_URI)|$(CODENAME)|$(COMPONENT)|$(SIGNED_BY)';
  const { stdout } = await mustRun('asking apt for its sources', 'apt-get', [
    'indextargets',
    '--format',
    format,
    'Created-By: Packages',
  ]);
  return stdout.split('\n').map((line) => line.split('|'));
}

/**
 * The options by which apt knows one component and nothing else.
 * @param {Component} component
 */
async function aptFor(component) {
  const folder = inRoot('out', 'debian', component);
  const main = (await configuredLists()).find(([, codename, part]) => codename === CODENAME && part === 'main');
  if (main === undefined) throw new Failure(`no package list of Debian ${CODENAME}: run apt-get update first`);
  const [uri, codename, , key] = main;
  for (const path of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(folder, path), { recursive: true });
  const signedBy = key?.startsWith('/') ? `[signed-by=${key}] ` : '';
  writeFileSync(join(folder, 'sources.list'), `deb ${signedBy}${uri} ${codename} ${component}\n`);
  return [
    `Dir::Etc::sourcelist=${join(folder, 'sources.list')}`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::lists=${join(folder, 'lists')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
    // The folder belongs to this user; apt's own user need not reach it.
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
}

/**
 * Fetches and unpacks a package when it is not there.
 * @param {string} name
 * @param {Component} component
 * @returns {Promise<string>} the folder it is unpacked in
 * @throws {Failure} when it cannot be had
 */
export async function unpackedDebianPackage(name, component) {
  const folder = inRoot('out', 'debian', 'packages', name);
  if (existsSync(folder)) return folder;
  const apt = await aptFor(component);
  await mustRun(`reading the index of ${component}`, 'apt-get', [...apt, '-qq', 'update'], { timeoutSeconds: 300 });
  const download = inRoot('out', 'debian', 'download', name);
  rmSync(download, { recursive: true, force: true });
  mkdirSync(download, { recursive: true });
  await mustRun(`downloading ${name}`, 'apt-get', [...apt, '-qq', 'download', name], {
    cwd: download,
    timeoutSeconds: 300,
  });
  const archive = readdirSync(download).find((file) => file.endsWith('.deb'));
  if (archive === undefined) throw new Failure(`apt-get downloaded no ${name}`);
  mkdirSync(inRoot('out', 'debian', 'packages'), { recursive: true });
  // Renamed when complete: a folder that is there is whole.
  rmSync(`${folder}.new`, { recursive: true, force: true });
  await mustRun(`unpacking ${name}`, 'dpkg', ['-x', join(download, archive), `${folder}.new`]);
  renameSync(`${folder}.new`, folder);
  rmSync(download, { recursive: true });
  return folder;
}
