/** `promtool check metrics`, and what its lint says that we do not follow. */
import { runChild } from '../child.mjs';

/**
 * What promtool's lint says that we do not follow, with the reason.
 * @type {ReadonlyMap<string, string>}
 */
const accepted = new Map([
  [
    'gpu_count non-histogram and non-summary metrics should not have "_count" suffix',
    'a number of GPUs, no part of a histogram',
  ],
  [
    'gpu_expected_count non-histogram and non-summary metrics should not have "_count" suffix',
    'a number of GPUs, no part of a histogram',
  ],
  [
    "gpu_fabric_health_summary metric name should not include type 'summary'",
    'the driver calls this health so; it is no summary of samples',
  ],
  [
    'gpu_memory_bus_width_bits use base unit "bytes" instead of "bits"',
    'the width of a bus is told in bits everywhere',
  ],
  [
    'nodejs_active_resources_total non-counter metrics should not have "_total" suffix',
    'a standard name, which dashboards of Node.js services use',
  ],
]);

/**
 * Runs promtool over one file in the text format.
 * @param {string} tool
 * @param {string} path
 * @returns {Promise<boolean>}
 */
export async function lintExposition(tool, path) {
  const { code, output } = await runChild('sh', ['-c', '"$1" check metrics < "$2"', 'sh', tool, path]);
  const complaints = output.split('\n').filter((line) => line !== '' && !accepted.has(line));
  // 1: cannot be parsed. 3: parsed, and the lint has something to say.
  const good = complaints.length === 0 && (code === 0 || code === 3);
  console.log(`${good ? 'ok    ' : 'FAILED'} ${path}: promtool${good ? '' : ` (exit status ${code})`}`);
  for (const complaint of complaints) console.log(`       ${complaint}`);
  return good;
}
