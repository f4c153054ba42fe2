/**
 * Files of the status page are imported as text, so that the bundle is one file and serves them from memory:
 * markup, style, drawings and `.client.js` scripts for the browser as they are, any other file with `?text` behind its
 * name.
 * Bundler and test runner follow this one rule; `src/text-assets.d.ts` states it for the type checker.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Import specifiers that mean "the text of this file". */
export const textAssetPattern = /\.(?:html|css|svg|client\.js)$|\?text$/;

/**
 * Absolute path of the file a specifier names.
 * @param {string} directory of the importing file
 * @param {string} specifier
 */
const assetPath = (directory, specifier) => resolve(directory, specifier.replace(/\?text$/, ''));

/**
 * The rule as an esbuild plugin.
 * @returns {import('esbuild').Plugin}
 */
export function esbuildTextAssets() {
  return {
    name: 'text-assets',
    setup(build) {
      build.onResolve({ filter: textAssetPattern }, ({ path, resolveDir }) => ({
        path: assetPath(resolveDir, path),
        namespace: 'text-asset',
      }));
      build.onLoad({ filter: /.*/, namespace: 'text-asset' }, ({ path }) => ({
        contents: readFileSync(path, 'utf8'),
        loader: 'text',
      }));
    },
  };
}

/**
 * The rule as a Vite plugin. The resolved id hides the extension, or Vite's own handling of CSS would step in.
 * @returns {import('vitest/config').Plugin}
 */
export function viteTextAssets() {
  const prefix = '\0text-asset:';
  return {
    name: 'text-assets',
    enforce: 'pre',
    resolveId(source, importer) {
      if (importer === undefined || !source.startsWith('.') || !textAssetPattern.test(source)) return null;
      return `${prefix}${Buffer.from(assetPath(dirname(importer), source)).toString('base64url')}`;
    },
    load(id) {
      if (!id.startsWith(prefix)) return null;
      const path = Buffer.from(id.slice(prefix.length), 'base64url').toString('utf8');
      this.addWatchFile(path);
      return `export default ${JSON.stringify(readFileSync(path, 'utf8'))};`;
    },
  };
}
