import { afterEach, expect, it } from 'vitest';
import { holdersOnce } from '../../src/agent.js';
import { runCommand } from '../cli/surroundings.js';
import { LiveAgent } from './live-agent.js';

let node: LiveAgent | undefined;
afterEach(() => node?.dispose());

it('a running agent refuses to name who holds a GPU, or to release it, while nobody knows which there are', async () => {
  const hanging = new LiveAgent('hgx-h100');
  node = hanging;
  hanging.simulator('fault', '--hang', 'killable');
  const { control } = await hanging.start();
  expect(hanging.state().driver.state).toBe('starting');
  const refusal = { code: 'unavailable', message: 'The driver has not said yet which GPUs there are.' };
  await expect(control.holders('0')).rejects.toMatchObject(refusal);
  await expect(control.release({ gpu: '0' })).rejects.toMatchObject(refusal);
});

it('holders without an agent does not say of a GPU that it is not there before the driver has said which are', async () => {
  const hanging = new LiveAgent('hgx-h100');
  node = hanging;
  const flags = hanging.simulator('flags').split('\n');
  const holders = (gpu: string) =>
    runCommand(['holders', gpu, '--timeout=4s', '--web.listen-address=127.0.0.1:0', ...flags], { holdersOnce });

  const absent = await holders('99');
  expect([absent.code, absent.err]).toEqual([1, expect.stringContaining('No GPU of this node is called "99"')]);

  hanging.simulator('fault', '--hang', 'killable');
  const silent = await holders('0');
  expect([silent.code, silent.err]).toEqual([3, expect.stringContaining('no agent answers, and looking here failed')]);
  expect(silent.err).not.toContain('No GPU');
});
