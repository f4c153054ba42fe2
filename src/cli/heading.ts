import type { NodeView } from '../http/documents/node.js';
import type { Told } from './ask.js';
import { driverText } from './gpu-facts.js';
import type { Paint } from './paint.js';
import { visible } from './text.js';

/** Said before everything else when the driver is a simulation, so that nobody takes it for hardware. */
export function simulationLines(simulated: string | undefined, paint: Paint): string[] {
  if (simulated === undefined) return [];
  return [paint.notice(paint.bold(`SIMULATED NODE (${visible(simulated)}): no GPU here is real.`)), ''];
}

/** Says about a list which node it is of, where that is not the real one or no agent was asked. */
export function listHeading({ node, by }: Told, paint: Paint): string[] {
  const own = by === 'own reading' ? [paint.dim('No agent answered; this was read just now.'), ''] : [];
  return [...simulationLines(node.simulated, paint), ...own];
}

/** Says why there is nothing to list; `source` = the one that would find it, beside NVML. */
export function emptyList({ node }: Told, what: string, source?: NodeView['switchedOff'][number]): string {
  const { driver, sampling, switchedOff } = node;
  if (source !== undefined && switchedOff.includes(source)) {
    return `No ${what}: looking for them is switched off (--collector.${source}=false).`;
  }
  const unavailable = sampling.state === 'unavailable' ? sampling.reason : undefined;
  const reason = unavailable ?? driver.message ?? driverText(node);
  return `No ${what}: ${visible(reason).replace(/\.+$/, '')}.`;
}
