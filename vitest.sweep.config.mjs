import { defineConfig, mergeConfig } from 'vitest/config';
import { simulatorBranches } from './scripts/layout.mjs';
import base from './vitest.config.mjs';

const isWhole = process.env.SWEEP === 'all';

/**
 * `npm run test:sweep`: what a running agent makes of every answer, and of calls that do not come back. Each driver
 * branch is a project; the short form is that of the newest one. Two files at a time: each is an agent that mostly waits
 * for its sampler, and what it waits for is limited where it waits, so that the limits here are for what hangs for ever.
 */
export default mergeConfig(
  { ...base, test: { ...base.test, include: [], exclude: [] } },
  defineConfig({
    test: {
      maxWorkers: 2,
      testTimeout: isWhole ? 1_200_000 : 180_000,
      hookTimeout: isWhole ? 2_400_000 : 300_000,
      projects: simulatorBranches.slice(isWhole ? 0 : -1).map((branch) => ({
        extends: true,
        test: { name: `branch-${branch}`, include: ['test/sweep/agent/**/*.test.ts'], env: { SWEEP_BRANCH: branch } },
      })),
    },
  }),
);
