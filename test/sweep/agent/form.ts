/** What this run sweeps. vitest.sweep.config.mjs says it: each driver branch is a project of its own. */

/** The driver branch. */
export const branch = process.env.SWEEP_BRANCH as string;

/** Every answer of every call, or the short form. */
export const isWhole = process.env.SWEEP === 'all';
