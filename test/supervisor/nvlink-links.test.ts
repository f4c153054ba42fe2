import { afterEach, describe, expect, it } from 'vitest';
import { samplesOf } from '../metrics/exposition-lines.js';
import { allUp, LiveAgent } from './live-agent.js';

let agent: LiveAgent | undefined;
afterEach(async () => {
  await agent?.dispose();
  agent = undefined;
});

const SENT = 'gpu_nvlink_transmit_bytes_total';

/** Lines of what GPU 0 sent over NVLink, and how many links it has. */
async function sentBy(...flags: readonly string[]) {
  agent = new LiveAgent('hgx-h100');
  const { metrics } = await agent.start(...flags);
  const sum = 'nvlink_transmit_data_bytes_total';
  const state = await agent.until(
    'the links of all GPUs',
    (now) => allUp(now) && now.gpus.every(({ readings, links }) => links.length > 0 && readings.get(sum) !== undefined),
  );
  const text = Buffer.from(await metrics.render('text')).toString();
  const lines = samplesOf(text).filter(({ name, labels }) => name === SENT && labels.gpu === '0');
  return { lines, links: state.gpus[0]?.links.length as number };
}

describe('NVLinks', () => {
  it('are counted together by default: their counters are not asked for one by one', async () => {
    const { lines, links } = await sentBy();
    expect(links).toBeGreaterThan(1);
    expect(lines.map(({ labels }) => [labels.link, labels.kind])).toEqual([[undefined, 'data']]);
    const asked = agent?.state().gpus.flatMap((gpu) => gpu.links.map((link) => link.readings.absence('version')));
    expect(new Set(asked)).toEqual(new Set(['not_asked']));
  });

  it('are counted one by one with --collector.nvlink-links, in the place of the sum', async () => {
    const { lines, links } = await sentBy('--collector.nvlink-links');
    expect(lines.map(({ labels }) => labels.link)).toEqual(Array.from({ length: links }, (_, link) => String(link)));
    for (const { value } of lines) expect(Number(value)).toBeGreaterThan(0);
  });
});
