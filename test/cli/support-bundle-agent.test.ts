import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNode, type SimulatedNode } from '../../simulator/node.mjs';
import { packageRoot } from '../../src/native/package-root.js';
import { AgentProcess, freePort } from '../hang/agent-process.js';

/**
 * The program itself beside an agent that runs: what the agent says goes into the bundle, whoever asks, and also when
 * the driver sleeps.
 */

const PROGRAM = join(packageRoot(), 'dist', 'gpu-node-agent.mjs');
const NOBODY = 65534;
const QUICK = ['--sampler.interval=200ms', '--sampler.deadline-attach=2s', '--sampler.deadline-slow=1s'];
/** Twice what the slowest part may take, on a machine that has other work. */
const LIMIT_MILLISECONDS = 60_000;

const folder = mkdtempSync(join(tmpdir(), 'gna-bundle-agent-'));
let node: SimulatedNode;
let agent: AgentProcess;
let flags: readonly string[];

beforeAll(async () => {
  // Somebody else reads the simulated node's files too.
  chmodSync(folder, 0o755);
  node = createNode(join(folder, 'node'), { scenario: 'rtx-desk' });
  flags = [...node.flags(), ...QUICK];
  agent = new AgentProcess(flags, await freePort());
  await agent.until('both GPUs up', 30, ({ gpus }) => gpus.length === 2 && gpus.every((gpu) => gpu.condition === 'up'));
}, 60_000);
afterAll(async () => {
  node?.clear();
  agent?.signal('SIGTERM');
  await agent?.ended;
  rmSync(folder, { recursive: true, force: true });
});

interface Bundle {
  readonly text: (name: string) => string;
  /** Why a file is not there. */
  readonly missing: Readonly<Record<string, string>>;
  readonly owner: number;
}

/** Makes a bundle as a process of its own, as a user. */
async function bundleBy(user: number, name: string): Promise<Bundle> {
  const into = join(folder, name);
  mkdirSync(into);
  chmodSync(into, 0o777);
  const file = join(into, 'bundle.tar.gz');
  const address = `--web.listen-address=127.0.0.1:${agent.port}`;
  const who = user === process.getuid?.() ? {} : { uid: user, gid: user };
  await promisify(execFile)(process.execPath, [PROGRAM, 'support-bundle', file, ...flags, address], {
    ...who,
    timeout: LIMIT_MILLISECONDS,
    env: { ...process.env, HOME: into },
  });
  const unpacked = join(into, 'unpacked');
  mkdirSync(unpacked);
  execFileSync('tar', ['-C', unpacked, '-xzf', file]);
  const text = (path: string) => readFileSync(join(unpacked, 'gpu-node-support', path), 'utf8');
  const { files } = JSON.parse(text('MANIFEST.json')) as { files: { name: string; missing?: string }[] };
  const missing = Object.fromEntries(files.flatMap(({ name: one, missing: why }) => (why ? [[one, why]] : [])));
  return { text, missing, owner: statSync(file).uid };
}

const self = process.getuid?.() ?? 0;
const state = ({ text }: Bundle) =>
  JSON.parse(text('agent/state.json')) as {
    gpus: { condition: string }[];
    findings: { code: string }[];
    sampling: { stuckCalls: { function: string }[] };
  };

describe('support-bundle beside a running agent', { timeout: 2 * LIMIT_MILLISECONDS }, () => {
  it('has what the agent knows, and where its sampler sleeps', async () => {
    const bundle = await bundleBy(self, 'beside');
    expect(state(bundle).gpus.map(({ condition }) => condition)).toEqual(['up', 'up']);
    expect(bundle.text('agent/metrics.txt')).toMatch(/^gpu_up\{.*\} 1$/m);
    expect(bundle.text('agent/health.txt')).toContain('ready');
    const [sampler] = agent.samplers;
    expect(bundle.text('samplers.txt')).toContain(`${sampler}/task/${sampler}/stat: `);
    expect(JSON.parse(bundle.text('reading/sampler.json')).gpus).toHaveLength(2);
    for (const name of ['agent/state.json', 'agent/metrics.txt', 'reading/node.json', 'host.capture'])
      expect(bundle.missing).not.toHaveProperty([name]);
  });

  it.runIf(self === 0)('says what only root could have had, and has the rest', async () => {
    const bundle = await bundleBy(NOBODY, 'nobody');
    expect(bundle.owner).toBe(NOBODY);
    expect(bundle.missing['agent/state.json']).toMatch(/EACCES/);
    expect(bundle.text('agent/metrics.txt')).toMatch(/^gpu_up\{.*\} 1$/m);
    expect(JSON.parse(bundle.text('version.json')).root).toBe(false);
    expect(bundle.text('host.capture')).toContain('driver/nvidia/version');
    // This node's device nodes are root's.
    const { driver } = JSON.parse(bundle.text('reading/sampler.json'));
    expect(driver).toMatchObject({ code: 4, message: expect.stringContaining('no permission') });
  });

  it('ends while the driver sleeps, and has the finding and the calls', async () => {
    node.fault({ hang: 'killable' });
    await agent.until('the driver stalled', 40, ({ findings }) =>
      findings.some(({ code }) => code === 'driver_stalled'),
    );
    const bundle = await bundleBy(self, 'asleep');
    expect(state(bundle).findings.map(({ code }) => code)).toContain('driver_stalled');
    expect(state(bundle).sampling.stuckCalls.length).toBeGreaterThan(0);
    expect(JSON.parse(bundle.text('reading/sampler.json')).in_flight[0]).toMatchObject({
      function: 'nvmlInitWithFlags',
    });
    expect(bundle.text('agent/metrics.txt')).toMatch(/^gpu_agent_nvml_stuck_calls\{.*\} [1-9]/m);
    expect(bundle.text('samplers.txt')).toMatch(/\/wchan: /);
    node.clear();
  });
});
