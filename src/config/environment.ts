import { isList, type OptionValue } from './option.js';
import { OPTIONS, type Option, VARIABLE_PREFIX, variableOf } from './options.js';
import { type ConfigProblem, unknownName } from './problem.js';
import { suggest } from './suggestion.js';
import { type Reading, readText } from './value.js';

/** The variable that names the configuration file. */
export const FILE_VARIABLE = variableOf('config.file');

/**
 * Kubernetes puts variables of this form into every pod of a namespace that has a Service called gpu-node-agent
 * ("docker links", kubernetes.io/docs/concepts/services-networking/service). They are not settings.
 */
const SERVICE_LINK = /^GPU_NODE_AGENT_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?)?)$/;

/** What the environment says. An empty variable counts as not set, as in EnvironmentFile lines such as `NAME=`. */
export function parseEnvironment(environment: Readonly<Record<string, string | undefined>>): {
  readonly settings: ReadonlyMap<string, OptionValue>;
  readonly problems: readonly ConfigProblem[];
} {
  const byVariable = new Map(OPTIONS.map((option) => [option.variable, option]));
  const settings = new Map<string, OptionValue>();
  const problems: ConfigProblem[] = [];
  for (const [variable, text] of Object.entries(environment).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!variable.startsWith(VARIABLE_PREFIX) || variable === FILE_VARIABLE) continue;
    if (text === undefined || text === '' || SERVICE_LINK.test(variable)) continue;
    const option = byVariable.get(variable);
    if (option === undefined) {
      const message = unknownName(
        'environment variable',
        suggest(variable, byVariable.keys()),
        `Every variable that begins with ${VARIABLE_PREFIX} must be a setting.`,
      );
      problems.push({ where: variable, message });
      continue;
    }
    const reading = readVariable(option, text);
    if ('message' in reading) problems.push({ where: variable, message: reading.message });
    else settings.set(option.flag, reading.value);
  }
  return { settings, problems };
}

/** Lists are separated by colons, as in PATH. */
function readVariable(option: Option, text: string): Reading {
  if (!isList(option.kind)) return readText(option, text);
  const values: string[] = [];
  for (const part of text.split(':')) {
    const reading = readText(option, part);
    if ('message' in reading) return reading;
    values.push(part);
  }
  return { value: values };
}
