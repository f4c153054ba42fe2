/** Whether an NVIDIA driver answers on this host: asked of the sampler, which gives up at a deadline by itself. */
import { runChild } from './child.mjs';
import { samplerPath } from './layout.mjs';

/** What the sampler may take for loading the driver, starting it and one round of reading. */
const deadlineMilliseconds = 5000;

/**
 * @typedef {object} DriverProbe
 * @property {boolean} answers whether the driver was initialised
 * @property {string} reason why not, in the sampler's words as far as it had any; "" when it answers
 */

/**
 * Probes with the sampler's own search for libnvidia-ml.so.1.
 * @returns {Promise<DriverProbe>}
 */
export async function probeDriver() {
  const { code, output, stdout, timedOut } = await runChild(
    samplerPath,
    ['--once', '--json', '--deadline', String(deadlineMilliseconds)],
    { timeoutSeconds: (2 * deadlineMilliseconds) / 1000 },
  );
  if (timedOut) return { answers: false, reason: 'the probe did not come back' };
  try {
    const { driver } = JSON.parse(stdout);
    if (code === 0 && driver?.initialized === true) return { answers: true, reason: '' };
    return { answers: false, reason: driver?.message ?? driver?.state ?? `probe's exit status ${code}` };
  } catch {
    return { answers: false, reason: output.trim() || `probe's exit status ${code}` };
  }
}
