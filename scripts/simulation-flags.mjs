/**
 * What of a simulated node `npm start` hands to the agent, beside what its user says by flag or environment. The
 * names follow the agent's own rule: `--path.run` is also `GPU_NODE_AGENT_PATH_RUN`, and an empty variable is not set.
 */

/** Whoever says one of these means a node of their own: nothing of a simulated one may be mixed in. */
const ownNode = [
  'config.file',
  'nvml.library',
  'nvml.driver-root',
  'path.sysfs',
  'path.procfs',
  'path.dev',
  'path.rootfs',
];

/** @param {string} name a setting such as `path.run` */
export const variableOf = (name) => `GPU_NODE_AGENT_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;

/** @param {string} flag `--path.run=/x`, or `--path.run` alone */
const nameOf = (flag) => flag.replace(/^--/, '').replace(/=.*$/s, '');

/**
 * @param {string} name
 * @param {readonly string[]} given arguments of `npm start`
 * @param {NodeJS.ProcessEnv} environment
 */
function isSaid(name, given, environment) {
  return given.some((arg) => arg.startsWith('--') && nameOf(arg) === name) || Boolean(environment[variableOf(name)]);
}

/**
 * Whether the user points the agent at a driver or at roots of their own.
 * @param {readonly string[]} given arguments of `npm start`
 * @param {NodeJS.ProcessEnv} environment
 */
export function namesOwnNode(given, environment) {
  return ownNode.some((name) => isSaid(name, given, environment));
}

/**
 * The flags of a simulated node without those whose setting the user decides: flags win over the environment, and one
 * given twice is refused.
 * @param {readonly string[]} flags as the simulator prints them
 * @param {readonly string[]} given arguments of `npm start`
 * @param {NodeJS.ProcessEnv} environment
 */
export function undecidedFlags(flags, given, environment) {
  return flags.filter((flag) => !isSaid(nameOf(flag), given, environment));
}
