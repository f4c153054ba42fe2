import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.mjs';

/**
 * `npm run test:hang`: the cells of "cannot hang". One file at a time: each starts processes that are made to sleep
 * in the driver, and its limits are times.
 */
export default mergeConfig(
  { ...base, test: { ...base.test, include: [], exclude: [] } },
  defineConfig({
    test: {
      include: ['test/hang/**/*.test.ts'],
      fileParallelism: false,
      testTimeout: 120_000,
      hookTimeout: 60_000,
    },
  }),
);
