import { FAMILIES } from '../../src/metrics/catalogue.js';
import { MetricsRenderer, type RendererOptions } from '../../src/metrics/renderer.js';
import type { NodeState } from '../../src/model/node-state.js';
import { loadAddon } from '../../src/native/load-addon.js';
import { Source } from './states.js';

/** Everything that can be switched on, details of families that are on included. */
export const everything = { enabledFamilies: FAMILIES.map(({ name }) => name) };

/** A clock that stands still, `ageSeconds` after every state was made (states.ts). */
export function stoppedClock(ageSeconds = 0.125) {
  return { monotonicSeconds: () => 5000 + ageSeconds };
}

/** A renderer of device metrics alone, whose output depends on the state alone. */
export function rendererOf(source: Source, options: Partial<RendererOptions> = {}): MetricsRenderer {
  return new MetricsRenderer(source, loadAddon(), { exporterMetrics: false, clock: stoppedClock(), ...options });
}

/** One exposition of one state. */
export async function exposition(
  state: NodeState,
  format: 'text' | 'openmetrics' = 'text',
  options: Partial<RendererOptions> = {},
): Promise<string> {
  return Buffer.from(await rendererOf(new Source(state), options).render(format)).toString('utf8');
}
