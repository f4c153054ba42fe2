import { build } from 'esbuild';

/**
 * What TypeScript sources export, for generators.
 *
 * @param {string} folder where the paths of the statements start
 * @param {readonly string[]} statements such as `export { CATALOGUE } from './catalogue.js';`
 * @returns {Promise<any>}
 */
export async function importSources(folder, statements) {
  const { outputFiles } = await build({
    stdin: { contents: statements.join('\n'), resolveDir: folder, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
  });
  const [bundle] = outputFiles;
  return import(`data:text/javascript;base64,${Buffer.from(bundle?.contents ?? '').toString('base64')}`);
}
