import { readdirSync, readlinkSync } from 'node:fs';
import { afterEach, expect, it, vi } from 'vitest';
import { startService } from '../../src/agent.js';
import { loadConfig } from '../../src/config/load.js';
import { loadAddon } from '../../src/native/load-addon.js';
import { runCommand } from '../cli/surroundings.js';

const LOG = { info() {}, warn() {}, error() {} };
/** A node without a driver, whatever this machine has. */
const NOTHING = [
  '--nvml.library=/nonexistent/libnvidia-ml.so.1',
  '--path.sysfs=/nonexistent',
  '--collector.hami=false',
];

afterEach(() => vi.restoreAllMocks());

/** What the open descriptors of this process are, without the sockets and pipes of the test runner. */
function openFiles(): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return /^(?:socket|pipe):/.test(target) || target.endsWith('/fd') ? [] : [target];
    } catch {
      return [];
    }
  });
}

async function startAndEnd(...options: [{ ownProcess: boolean }?]): Promise<void> {
  const service = await startService(loadConfig(NOTHING, {}, []).config, LOG, ...options);
  await service.metrics.render('text');
  await service.close();
}

it('a service that ended leaves no file open', async () => {
  await startAndEnd();
  const before = openFiles();
  for (let round = 0; round < 3; round += 1) await startAndEnd();
  // The sampler's memory is let go of when its process was seen to end.
  await expect.poll(() => openFiles().length, { timeout: 5_000 }).toBeLessThanOrEqual(before.length);
});

it('the memory of the whole process is not touched unless the process is said to be the service alone', async () => {
  const limit = vi.spyOn(loadAddon(), 'limitArenas');
  await startAndEnd();
  await startAndEnd({ ownProcess: false });
  expect(limit).not.toHaveBeenCalled();
  await startAndEnd({ ownProcess: true });
  expect(limit.mock.calls).toEqual([[1]]);
});

it('serve says that it is', async () => {
  const asked: unknown[] = [];
  const { code } = await runCommand(['serve', ...NOTHING], {
    startService: async (_config, _log, options) => {
      asked.push(options);
      throw new Error('enough');
    },
  });
  expect([code, asked]).toEqual([1, [{ ownProcess: true }]]);
});
