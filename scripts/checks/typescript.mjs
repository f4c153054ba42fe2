/** Types of the agent, its tests and these scripts. */
import { runNodeBinary } from './node-binary.mjs';

/** @type {import('./check.mjs').Check} */
export const agentTypes = {
  name: 'types of TypeScript',
  run: () => runNodeBinary('typescript', 'bin/tsc', ['--noEmit']),
};

/** @type {import('./check.mjs').Check} */
export const scriptTypes = {
  name: 'types of scripts',
  run: () => runNodeBinary('typescript', 'bin/tsc', ['--noEmit', '--project', 'scripts']),
};
