import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.mjs';

/** `npm run test:sweep`: what a running agent makes of every answer, and of calls that do not come back. */
export default mergeConfig(
  { ...base, test: { ...base.test, include: [], exclude: [] } },
  defineConfig({
    test: {
      include: ['test/sweep/agent/**/*.test.ts'],
      maxWorkers: 2,
      testTimeout: 180_000,
    },
  }),
);
