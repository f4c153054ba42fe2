import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.mjs';

/**
 * `npm run test:hang`: the cells of "cannot hang". Each starts processes that are made to sleep in the driver and mostly
 * waits for them, so some are played side by side.
 */
export default mergeConfig(
  { ...base, test: { ...base.test, include: [], exclude: [] } },
  defineConfig({
    test: {
      include: ['test/hang/**/*.test.ts'],
      fileParallelism: false,
      maxConcurrency: 3,
      testTimeout: 180_000,
      hookTimeout: 60_000,
    },
  }),
);
