/** The simulated node of `npm start`: made once, made anew when the simulator itself has changed. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprint } from './build/fingerprint.mjs';
import { mustRun } from './child.mjs';
import { inRoot, root, simulatorCommand } from './layout.mjs';

/** Where the simulated node of this checkout lives. */
export const simulatedNodePath = inRoot('.simulated-node');

/**
 * Creates or refreshes the simulated node and says how the agent is pointed at it.
 * @param {string} scenario name of one of the simulator's scenarios
 * @returns {Promise<string[]>} flags for `gpu-node-agent serve`
 */
export async function ensureSimulatedNode(scenario) {
  const stamp = join(simulatedNodePath, '.made-from');
  const print = fingerprint(['simulator'], { scenario });
  const current = existsSync(stamp) && readFileSync(stamp, 'utf8') === print;
  if (!current) {
    rmSync(simulatedNodePath, { recursive: true, force: true });
    await mustRun('making the simulated node', process.execPath, [
      simulatorCommand,
      'create',
      simulatedNodePath,
      '--scenario',
      scenario,
    ]);
    writeFileSync(stamp, print);
  }
  const { stdout } = await mustRun(
    'asking the simulator for the flags',
    process.execPath,
    [simulatorCommand, 'flags', simulatedNodePath],
    { cwd: root },
  );
  return stdout.split('\n').filter((line) => line !== '');
}
