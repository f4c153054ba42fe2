import type { Config } from './config/config.js';
import { ConfigError } from './config/problem.js';
import { RULES } from './health/catalogue.js';
import { parseTuning, type Tuning } from './health/tuning.js';

/**
 * What the settings change of the rules, which only their catalogue knows. Throws `ConfigError` with one problem for
 * each text that is wrong.
 */
export function healthTuning({ health }: Pick<Config, 'health'>): Tuning {
  const { tuning, problems } = parseTuning(RULES, health);
  if (problems.length > 0) {
    throw new ConfigError(
      problems.map(({ setting, text, message }) => ({ where: `health.${setting}=${text}`, message })),
    );
  }
  return tuning;
}
