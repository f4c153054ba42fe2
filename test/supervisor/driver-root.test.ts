import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { collectOnce } from '../../src/agent.js';
import { packageRoot } from '../../src/native/package-root.js';
import { allUp, LiveAgent } from './live-agent.js';

const sampler = join(packageRoot(), 'out', 'native', 'gpu-node-sampler');

let agent: LiveAgent;
let root: string;
beforeEach(() => {
  agent = new LiveAgent('hgx-h100');
  // A driver installed below a root of its own. The simulated library finds its state beside the folder it is in.
  root = join(agent.directory, 'installed');
  mkdirSync(root);
  symlinkSync(join(agent.directory, 'driver'), join(root, 'lib64'));
  symlinkSync(join(agent.directory, 'state'), join(root, 'state'));
});
afterEach(() => agent.dispose());

/** The agent's settings without the simulated library's own path. */
const config = (...flags: readonly string[]) => {
  const { nvml, ...rest } = agent.config(...flags);
  return { ...rest, nvml: { driverRoots: nvml.driverRoots } };
};

it('a driver below a configured root is found, for a service and for one reading', async () => {
  const flags = ['--nvml.driver-root=/nonexistent', `--nvml.driver-root=${root}/`];
  const state = await collectOnce(config(...flags), 8000);
  expect(allUp(state)).toBe(true);
  expect(state.simulated).toContain('scenario=hgx-h100');
  expect(state.driver.libraryPath).toMatch(new RegExp(`^${agent.directory}/driver/libnvidia-ml.so.`));
});

it('the sampler alone finds it too', () => {
  const output = execFileSync(sampler, ['--once', '--json', '--nvml.driver-root', root, '--no-hami'], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(JSON.parse(output).driver).toMatchObject({ initialized: true, gpu_count: 8 });
});

it('a root without a library is named among what was tried', () => {
  // A machine without a driver makes the sampler end with an error; its report is the same.
  const { stdout } = spawnSync(sampler, ['--once', '--json', '--no-hami', '--nvml.driver-root=/nonexistent/driver'], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  const { driver } = JSON.parse(stdout);
  // A machine with a driver of its own finds that one then.
  if (driver.state === 'library_missing')
    expect(driver.message).toContain('/nonexistent/driver: no libnvidia-ml.so.1; libnvidia-ml.so.1: cannot open');
  else expect(driver.library_path).not.toContain('/nonexistent');
});
