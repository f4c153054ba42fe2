import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { createNode, type SimulatedNode } from '../../simulator/node.mjs';
import { anonymiseTexts } from '../../src/cli/anonymise-bundle.js';
import { masked } from '../../src/cli/bundle-parts.js';
import { runCommand } from './surroundings.js';

vi.setConfig({ testTimeout: 120_000 });
const folder = mkdtempSync(join(tmpdir(), 'gna-bundle-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sampler = fileURLToPath(new URL('../../out/native/gpu-node-sampler', import.meta.url));
const make = (name: string, scenario: string) =>
  createNode(join(folder, name), { scenario, seed: 4, frozenClock: true });

interface Bundle {
  readonly code: number;
  readonly out: string;
  readonly files: ReadonlyMap<string, string>;
  readonly missing: ReadonlyMap<string, string>;
}

async function bundle(node: SimulatedNode, name: string, flags: readonly string[] = []): Promise<Bundle> {
  const file = join(folder, `${name}.tar.gz`);
  const settings = [...node.flags(), `--sampler.path=${sampler}`, '--web.listen-address=127.0.0.1:1'];
  const { code, out } = await runCommand(['support-bundle', file, ...settings, ...flags]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const into = mkdtempSync(join(folder, `${name}-`));
  execFileSync('tar', ['-C', into, '-xzf', file]);
  const root = join(into, 'gpu-node-support');
  const names = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = new Map(
    names.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(root.length + 1), readFileSync(path, 'utf8')];
    }),
  );
  const manifest = JSON.parse(files.get('MANIFEST.json') ?? '{}') as { files: { name: string; missing?: string }[] };
  const missing = manifest.files.flatMap(({ name: one, missing: why }) =>
    why === undefined ? [] : [[one, why] as const],
  );
  return { code, out, files, missing: new Map(missing) };
}

describe('support-bundle', () => {
  it('has what there is, and says of the rest why not, without an agent', async () => {
    const { code, files, missing } = await bundle(make('plain', 'rtx-desk'), 'plain');
    expect(code).toBe(0);
    expect(JSON.parse(files.get('version.json') ?? '')).toHaveProperty('node', process.versions.node);
    expect(JSON.parse(files.get('reading/sampler.json') ?? '').calls).toHaveProperty('nvmlDeviceGetName');
    expect(files.get('host.capture')).toContain('driver/nvidia/version');
    expect(files.get('host.capture')).not.toContain('"function":"nvmlDeviceGetName"');
    expect(missing.get('agent/state.json')).toMatch(/ENOENT/);
    expect(missing.get('reading/node.json')).toBe('no driver here');
  });

  it('ends with a driver that hangs, and has the evidence', async () => {
    const node = make('hung', 'rtx-desk');
    node.fault({ hang: 'killable' });
    const { code, files } = await bundle(node, 'hung', ['--capture', '--sampler.deadline-attach=1s']);
    expect(code).toBe(0);
    expect(files.get('host.capture')).toMatch(/"record":"unfinished","function":"nvmlInitWithFlags"/);
    expect(files.get('host.capture')).toContain('bus/pci/devices');
  });

  it('names nobody when it is asked to', async () => {
    const { files } = await bundle(make('nobody', 't4-hami'), 'nobody', ['--anonymise', '--capture']);
    const everything = [...files.values()].join('\n');
    expect(everything).not.toMatch(/51000000-0000/);
    expect(everything).not.toMatch(/"serial": ?"[1-9]/);
    expect(JSON.parse(files.get('version.json') ?? '').hostName).not.toBe(hostname());
    expect(files.get('reading/sampler.json')).toContain('Tesla T4');
  });
});

it('settings that may let somebody in are masked, others stay', () => {
  const config = { web: { password: 'hunter2', listenAddress: '127.0.0.1:1' }, tokens: [{ apiToken: 'x' }] };
  expect(masked(config)).toEqual({
    web: { password: '***', listenAddress: '127.0.0.1:1' },
    tokens: [{ apiToken: '***' }],
  });
});

it('names of workloads, processes and pids are replaced in documents, metrics and logs', () => {
  const texts = new Map([
    ['state.json', JSON.stringify({ workloads: [{ name: 'chat/llama', pod: 'llama-0', pid: 4711 }] })],
    ['metrics.txt', 'gpu_process_memory{pod="llama-0",pid="4711"} 1\n'],
    ['kernel.txt', "NVRM: Xid (PCI:0000:41:00): 31, pid='4711', name=trainer, MMU Fault on vm7\n"],
  ]);
  const replaced = [...anonymiseTexts(texts, 'vm7').values()].join('\n');
  for (const original of ['chat/llama', 'llama-0', '4711', 'trainer', 'vm7']) expect(replaced).not.toContain(original);
  expect(replaced).toContain('PCI:0000:41:00');
  expect(replaced.match(/100001/g)).toHaveLength(3);
});
