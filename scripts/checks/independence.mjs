/** The simulator shares no file with native/ and src/: it brings its own check. */
import { runChild } from '../child.mjs';

/** @type {import('./check.mjs').Check} */
export const simulatorIndependence = {
  name: 'simulator is independent',
  run: () => runChild(process.execPath, ['simulator/check-independence.mjs']),
};
