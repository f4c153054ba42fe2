import type { Config } from './config/config.js';
import { ConfigError, type ConfigProblem, shown, unknownName } from './config/problem.js';
import { suggest } from './config/suggestion.js';
import { FAMILIES } from './metrics/catalogue.js';
import { OWN_FAMILIES } from './metrics/own-families.js';

/** Families that prom-client keeps: they come and go together. */
const TOGETHER = new Set<string>(Object.values(OWN_FAMILIES).map(({ name }) => name));

/**
 * Checks names of metrics in the settings, which only the catalogue knows. Throws `ConfigError` with one problem for
 * each that is none.
 */
export function checkMetricNames({ metrics }: Pick<Config, 'metrics'>): void {
  const known = new Set(FAMILIES.map(({ name }) => name));
  const problems = (['enable', 'disable'] as const).flatMap((list) =>
    metrics[list].filter((name) => !known.has(name)).map((name) => problemOf(`metrics.${list}`, name, known)),
  );
  if (problems.length > 0) throw new ConfigError(problems);
}

function problemOf(where: string, name: string, known: Iterable<string>): ConfigProblem {
  if (TOGETHER.has(name) || /^(?:process|nodejs)_/.test(name)) {
    const message = `expected a metric of the node; ${shown(name)} is about the agent itself. Those go with --web.disable-exporter-metrics, all together.`;
    return { where, message };
  }
  return { where, message: unknownName(`metric ${shown(name)}`, suggest(name, known), 'docs/metrics.md lists them.') };
}
