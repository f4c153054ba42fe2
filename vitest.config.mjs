import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { viteTextAssets } from './scripts/text-assets.mjs';

/**
 * `npm test`: everything under test/ but what has a command of its own: the hang cells, the sweep, and the clients that
 * are not ours. Forks, because the addon and the child processes under test must not share a process: a crash then names
 * its file.
 */
export default defineConfig({
  plugins: [viteTextAssets()],
  test: {
    pool: 'forks',
    // Much of the time is waiting: for cycles, for deadlines, for the death of a process. Three files at once keep two
    // cores busy; one at a time, which two cores give by default, takes twice as long.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    include: ['test/**/*.test.ts'],
    exclude: ['test/hang/**', 'test/clients/**', 'test/sweep/**'],
    // Against hanging for ever only: on a machine with other work a test may wait long for its turn.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
