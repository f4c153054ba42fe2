import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.mjs';

/**
 * `npm run test:hang`: the cells of "cannot hang". Each starts processes that are made to sleep in the driver and mostly
 * waits for them, so three files are played side by side; within one, cells come one after the other, because what one
 * does to the machine (mounts, say) must not keep another from seeing a state that lasts two seconds.
 */
export default mergeConfig(
  { ...base, test: { ...base.test, include: [], exclude: [] } },
  defineConfig({
    test: {
      include: ['test/hang/**/*.test.ts'],
      maxWorkers: 3,
      testTimeout: 180_000,
      hookTimeout: 60_000,
    },
  }),
);
