/** What a built file asks of the host it will run on. */
import { Failure, mustRun } from '../child.mjs';

/** Libraries every glibc host has. */
const hostLibraries = /^(?:libc|libm|libpthread|libdl|librt|ld-linux-[\w-]+)\.so\.\d+$/;

/**
 * Fails when a file needs a newer glibc or another library than the host is promised to have.
 * @param {string} path of an ELF file
 * @param {readonly [number, number]} newest glibc version it may need
 */
export async function assertPortable(path, newest) {
  const { stdout: versions } = await mustRun('reading symbol versions', 'readelf', ['--version-info', '--wide', path]);
  const tooNew = [...versions.matchAll(/GLIBC_(\d+)\.(\d+)/g)].filter(([, major, minor]) => {
    const needed = [Number(major), Number(minor)];
    return (needed[0] ?? 0) > newest[0] || (needed[0] === newest[0] && (needed[1] ?? 0) > newest[1]);
  });
  if (tooNew.length > 0) throw new Failure(`${path} needs ${tooNew[0]?.[0]}, at most ${newest.join('.')} was promised`);
  const { stdout: dynamic } = await mustRun('reading needed libraries', 'readelf', ['--dynamic', '--wide', path]);
  const needed = [...dynamic.matchAll(/\(NEEDED\).*\[([^\]]+)\]/g)].map(([, name]) => name ?? '');
  const foreign = needed.filter((name) => !hostLibraries.test(name));
  if (foreign.length > 0) throw new Failure(`${path} needs ${foreign.join(', ')}`);
}

/**
 * Fails when a library shows symbols it should keep to itself.
 * @param {string} path of an ELF file
 * @param {RegExp} allowed names it may export
 */
export async function assertExports(path, allowed) {
  const { stdout } = await mustRun('reading exported symbols', 'nm', ['--dynamic', '--defined-only', path]);
  const names = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' ').at(-1) ?? '');
  const wrong = names.filter((name) => !allowed.test(name));
  if (names.length === 0) throw new Failure(`${path} exports nothing`);
  if (wrong.length > 0)
    throw new Failure(`${path} exports ${wrong.length} names too many: ${wrong.slice(0, 3).join(', ')}`);
}
