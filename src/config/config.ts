import type { Static } from 'typebox';
import type { ConfigSchema } from './schema.js';

/** Every setting of the agent, checked and complete. Durations are seconds; absent settings are missing keys. */
export type Config = Static<typeof ConfigSchema>;

/** Names of the sources that can be switched off: the closed list behind `--collector.<name>`. */
export type CollectorName = keyof Config['collector'];
