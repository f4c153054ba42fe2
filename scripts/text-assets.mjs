/**
 * Files of the status page are imported as text, so that the bundle is one file and serves them from memory. Both
 * the bundler and the test runner follow this one rule; `src/text-assets.d.ts` states it for the type checker.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Import specifiers that mean "the text of this file": markup, style, drawings and scripts for the browser. */
export const textAssetPattern = /\.(?:html|css|svg|client\.js)$/;

/**
 * The rule as an esbuild plugin.
 * @returns {import('esbuild').Plugin}
 */
export function esbuildTextAssets() {
  return {
    name: 'text-assets',
    setup(build) {
      build.onLoad({ filter: textAssetPattern }, ({ path }) => ({
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
      return `${prefix}${Buffer.from(resolve(dirname(importer), source)).toString('base64url')}`;
    },
    load(id) {
      if (!id.startsWith(prefix)) return null;
      const path = Buffer.from(id.slice(prefix.length), 'base64url').toString('utf8');
      this.addWatchFile(path);
      return `export default ${JSON.stringify(readFileSync(path, 'utf8'))};`;
    },
  };
}
