/**
 * `npm start`: installs, builds, and runs the agent on this host's driver; where none answers, on a simulated node.
 * Arguments go to `gpu-node-agent serve`: `npm start -- --web.listen-address=127.0.0.1:9900`. Whoever names a driver
 * library, a root or a configuration file of their own, by flag or by environment, gets just that.
 */
import { ensureBuilt } from './build/ensure-built.mjs';
import { runScript } from './child.mjs';
import { probeDriver } from './driver-probe.mjs';
import { runInForeground } from './foreground.mjs';
import { bundlePath } from './layout.mjs';
import { NODE_FLAGS } from './node-flags.mjs';
import { ensureSimulatedNode } from './simulated-node.mjs';
import { namesOwnNode, undecidedFlags, variableOf } from './simulation-flags.mjs';

/** Which simulated node: one GPU of every kind. */
const scenario = 'mixed';

/**
 * Flags that point the agent at a simulated node, nothing where it shall run on this host.
 * @param {readonly string[]} given the user's own arguments
 */
async function simulationFlags(given) {
  if (namesOwnNode(given, process.env)) return [];
  const probe = await probeDriver();
  if (probe.answers) {
    console.log('An NVIDIA driver answers on this host: the agent runs on it.');
    return [];
  }
  const flags = undecidedFlags(await ensureSimulatedNode(scenario), given, process.env);
  const run = flags.find((flag) => flag.startsWith('--path.run='))?.slice('--path.run='.length);
  console.log(
    [
      '',
      `  No NVIDIA driver answers on this host (${probe.reason}).`,
      `  The agent runs on a SIMULATED node ("${scenario}"): GPUs, processes and values are invented.`,
      '  Simulated GPUs have UUIDs that begin with GPU-51000000-.',
      ...(run === undefined
        ? []
        : ['', '  Commands in another terminal find it after', `  export ${variableOf('path.run')}='${run}'`]),
      '',
    ].join('\n'),
  );
  return flags;
}

runScript(async () => {
  await ensureBuilt();
  const given = process.argv.slice(2);
  const flags = await simulationFlags(given);
  return runInForeground(process.execPath, [...NODE_FLAGS, bundlePath, 'serve', ...flags, ...given]);
});
