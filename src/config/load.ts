import { resolve } from 'node:path';
import { Create } from 'typebox/value';
import type { Config } from './config.js';
import { formatDuration } from './duration.js';
import { FILE_VARIABLE, parseEnvironment } from './environment.js';
import { readConfigFile } from './file.js';
import { type CommandFlag, type ParsedFlags, parseFlags } from './flags.js';
import type { OptionValue } from './option.js';
import { OPTION_BY_FLAG } from './options.js';
import { ConfigError, type ConfigProblem } from './problem.js';
import { ConfigSchema } from './schema.js';

/** The flag that names the configuration file; not a setting itself, since a file cannot name its successor. */
export const FILE_FLAG: CommandFlag = {
  name: 'config.file',
  value: 'the path of a YAML file',
  description: 'Configuration file (YAML). None is read unless named.',
};

/** Settings and the rest of the command line. */
export interface Loaded {
  readonly config: Config;
  /** The file that was read. */
  readonly file: string | undefined;
  /** Who decided: `flag`, `environment` or `file` by flag name; what is missing has its default. */
  readonly origins: ReadonlyMap<string, 'flag' | 'environment' | 'file'>;
  readonly command: ParsedFlags['command'];
  readonly operands: readonly string[];
}

/**
 * Puts the settings together: flags win over the environment, the environment over the file, the file over defaults.
 * Throws `ConfigError` with every problem found.
 */
export function loadConfig(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  commandFlags: readonly CommandFlag[] = [],
): Loaded {
  const flags = parseFlags(argv, [...commandFlags, FILE_FLAG]);
  const variables = parseEnvironment(environment);
  const flagFile = flags.command.get(FILE_FLAG.name);
  const named = typeof flagFile === 'string' ? flagFile : environment[FILE_VARIABLE] || undefined;
  const file = named === undefined ? undefined : resolve(named);
  const fileOrigin = flagFile === undefined ? FILE_VARIABLE : `--${FILE_FLAG.name}`;
  const fromFile = file === undefined ? undefined : readConfigFile(file, fileOrigin);

  const layers = [
    ['file', fromFile?.settings],
    ['environment', variables.settings],
    ['flag', flags.settings],
  ] as const;
  const config = Create(ConfigSchema) as Config;
  const origins = new Map<string, 'flag' | 'environment' | 'file'>();
  for (const [origin, settings] of layers) {
    for (const [flag, value] of settings ?? []) {
      place(config, flag, value);
      origins.set(flag, origin);
    }
  }
  const problems = [...flags.problems, ...variables.problems, ...(fromFile?.problems ?? [])];
  if (problems.length === 0) problems.push(...contradictions(config, origins));
  if (problems.length > 0) throw new ConfigError(problems);
  return { config, file, origins, command: flags.command, operands: flags.operands };
}

function place(config: Config, flag: string, value: OptionValue): void {
  const option = OPTION_BY_FLAG.get(flag);
  if (option === undefined) throw new Error(`no setting is called ${flag}`);
  const [section, key] = option.position;
  const group = (config as unknown as Record<string, Record<string, OptionValue>>)[section];
  if (group !== undefined) group[key] = value;
}

/** Paths the web address answers with something else; test/http compares them with its routes. */
export const TAKEN_PATHS: readonly string[] = [
  '/',
  '/healthz',
  '/readyz',
  '/-/healthy',
  '/-/ready',
  '/openapi.json',
  '/page.css',
  '/page.js',
  '/icon.svg',
];

/** Settings that are right one by one and wrong together. */
function contradictions(config: Config, origins: Loaded['origins']): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const { intervalSeconds, staleAfterSeconds } = config.sampler;
  if (staleAfterSeconds < 2 * intervalSeconds) {
    const least = formatDuration(2 * intervalSeconds);
    problems.push({
      where: origins.has('sampler.stale-after') ? 'sampler.stale-after' : 'sampler.interval',
      message:
        `expected sampler.stale-after to be at least twice sampler.interval (${least}); got ` +
        `${formatDuration(staleAfterSeconds)}. Readings would be dropped between two cycles: raise sampler.stale-after.`,
    });
  }
  const both = config.metrics.disable.find((name) => config.metrics.enable.includes(name));
  if (both !== undefined) {
    problems.push({ where: 'metrics.disable', message: `"${both}" is in metrics.enable too. Take it out of one.` });
  }
  const { telemetryPath } = config.web;
  if (TAKEN_PATHS.includes(telemetryPath) || telemetryPath.startsWith('/api/')) {
    problems.push({
      where: 'web.telemetry-path',
      message: `expected a path of its own; got "${telemetryPath}", which the agent answers with something else.`,
    });
  }
  return problems;
}
