#!/usr/bin/env node
// @ts-check
/**
 * The simulator and the product must not share a file: an error in a shared table would cancel out, and every test
 * that compares the two would pass. This check reads both sides and fails on an import, an include or a build rule
 * that crosses over, and on two files of the same content.
 *
 * Usage: node simulator/check-independence.mjs [root]. Exit code 0: independent; 1: findings, one a line; 2: one
 * side has no files, so nothing was compared.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const SIMULATOR = 'simulator';
const PRODUCT = ['native', 'src'];
const BUILT = new Set(['node_modules', 'out', 'build', 'dist', 'prebuilds']);
const SCRIPTS = new Set(['.mjs', '.js', '.cjs', '.ts', '.mts', '.cts']);
const SOURCES = new Set(['.h', '.hpp', '.c', '.cc', '.cpp', '.def', '.inc']);
const BUILD_FILES = /(^|\/)(Makefile|CMakeLists\.txt|[^/]+\.(mk|cmake|gyp|gypi))$/;
/** A shared licence or marker line is no shared knowledge. */
const SMALLEST_COMPARED_BYTES = 64;

/**
 * Every crossing between the two sides below `root`.
 * @param {string} root absolute path of a checkout
 * @returns {{ findings: string[], compared: { simulator: number, product: number } }}
 */
export function findSharing(root) {
  const simulator = filesBelow(root, SIMULATOR);
  const product = PRODUCT.flatMap((folder) => filesBelow(root, folder));
  const findings = [
    ...simulator.flatMap((file) => crossings(root, file, PRODUCT)),
    ...product.flatMap((file) => crossings(root, file, [SIMULATOR])),
    ...twins(root, simulator, product),
  ];
  return { findings, compared: { simulator: simulator.length, product: product.length } };
}

/**
 * @param {string} root
 * @param {string} folder
 * @returns {string[]} paths relative to `root`
 */
function filesBelow(root, folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (BUILT.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(root, path);
    return entry.isFile() ? [path] : [];
  });
}

/**
 * @param {string} root
 * @param {string} file
 * @param {readonly string[]} forbidden
 */
function crossings(root, file, forbidden) {
  const extension = extname(file);
  if (!SCRIPTS.has(extension) && !SOURCES.has(extension) && !BUILD_FILES.test(file)) return [];
  const text = readFileSync(join(root, file), 'utf8');
  if (SCRIPTS.has(extension)) return scriptCrossings(root, file, text, forbidden);
  if (SOURCES.has(extension)) return includeCrossings(root, file, text, forbidden);
  return buildCrossings(root, file, text, forbidden);
}

/**
 * Static and dynamic imports, require() and paths beside import.meta.url.
 * @param {string} root
 * @param {string} file
 * @param {string} text
 * @param {readonly string[]} forbidden
 */
function scriptCrossings(root, file, text, forbidden) {
  const specifiers = text.matchAll(
    /(?:\bfrom|\bimport|\bimport\s*\(|\brequire\s*\(|\bnew\s+URL\s*\()\s*(['"`])(\.{1,2}\/[^'"`]+)\1/g,
  );
  return [...specifiers]
    .map((match) => match[2] ?? '')
    .filter((specifier) => isBelow(root, resolve(root, dirname(file), specifier), forbidden))
    .map((specifier) => `${file}: imports ${specifier}`);
}

/**
 * Includes are found beside the file or, whatever -I a build passes, by their last parts below a forbidden folder.
 * @param {string} root
 * @param {string} file
 * @param {string} text
 * @param {readonly string[]} forbidden
 */
function includeCrossings(root, file, text, forbidden) {
  const own = file.split('/')[0] ?? '';
  return [...text.matchAll(/^\s*#\s*(?:include|embed)\s*["<]([^">]+)[">]/gm)]
    .map((match) => match[1] ?? '')
    .filter((name) => {
      if (isBelow(root, resolve(root, dirname(file), name), forbidden)) return true;
      if (existsSync(resolve(root, dirname(file), name)) || endsAny(root, own, name)) return false;
      return forbidden.some((folder) => endsAny(root, folder, name));
    })
    .map((name) => `${file}: includes ${name}`);
}

/**
 * A build rule that names a folder of the other side.
 * @param {string} root
 * @param {string} file
 * @param {string} text
 * @param {readonly string[]} forbidden
 */
function buildCrossings(root, file, text, forbidden) {
  return text.split('\n').flatMap((line, index) => {
    const rule = line.replace(/#.*/, '').replace(/(^|\s)-(?:I|L|iquote|isystem)\s*/g, '$1');
    return [...rule.matchAll(/[\w.$(){}-]+(?:\/[\w.$(){}*%-]+)+\/?/g)]
      .map((match) => match[0])
      .filter(
        (path) =>
          isBelow(root, resolve(root, dirname(file), path), forbidden) ||
          // Behind a variable only the folder's name can be judged.
          forbidden.some((folder) => new RegExp(`[)}]/${folder}/`).test(path)),
      )
      .map((path) => `${file}:${index + 1}: builds from ${path}`);
  });
}

/**
 * Files of the same content once comments' and code's white space is taken out.
 * @param {string} root
 * @param {readonly string[]} simulator
 * @param {readonly string[]} product
 */
function twins(root, simulator, product) {
  const digest = (/** @type {string} */ file) => {
    const text = readFileSync(join(root, file), 'latin1').replace(/\s+/g, '');
    return text.length < SMALLEST_COMPARED_BYTES ? undefined : createHash('sha256').update(text).digest('hex');
  };
  const byDigest = new Map(product.map((file) => [digest(file), file]));
  return simulator.flatMap((file) => {
    const key = digest(file);
    const twin = key === undefined ? undefined : byDigest.get(key);
    return twin === undefined ? [] : [`${file}: same content as ${twin}`];
  });
}

/**
 * @param {string} root
 * @param {string} path
 * @param {readonly string[]} folders
 */
function isBelow(root, path, folders) {
  const inside = relative(root, path);
  return folders.some((folder) => inside === folder || inside.startsWith(`${folder}/`));
}

/**
 * @param {string} root
 * @param {string} folder
 * @param {string} name
 */
function endsAny(root, folder, name) {
  return filesBelow(root, folder).some((file) => file.endsWith(`/${name}`));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = resolve(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..'));
  const { findings, compared } = findSharing(root);
  for (const finding of findings) process.stderr.write(`${finding}\n`);
  if (compared.simulator === 0 || compared.product === 0) {
    process.stderr.write(
      `nothing to compare: ${compared.simulator} simulator files, ${compared.product} product files\n`,
    );
    process.exitCode = 2;
  } else {
    process.stdout.write(
      `simulator: ${compared.simulator} files compared with ${compared.product} of the product, ${findings.length} shared\n`,
    );
    process.exitCode = findings.length === 0 ? 0 : 1;
  }
}
