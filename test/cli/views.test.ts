import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNode } from '../../simulator/node.mjs';
import { collectOnce } from '../../src/agent.js';
import { linkText } from '../../src/cli/pci.js';
import { width } from '../../src/cli/text.js';
import { loadConfig } from '../../src/config/load.js';
import type { NodeState } from '../../src/model/node-state.js';
import { READINGS } from '../../src/native/readings.generated.js';
import { fullState, gpu, partition, podWorkload, readings, runningState } from '../http/node-states.js';
import { runCommand } from './surroundings.js';

/** Against hanging only. */
const DEADLINE_MILLISECONDS = 30_000;
const directory = mkdtempSync(join(tmpdir(), 'gna-views-'));
/** No agent can answer here: the commands read the state they are given. */
const alone = [`--path.run=${directory}`, '--web.listen-address=127.0.0.1:0'];
let state: NodeState;
beforeAll(async () => {
  const node = createNode(join(directory, 'mixed'), { scenario: 'mixed' });
  state = await collectOnce(loadConfig(node.flags(), {}, []).config, DEADLINE_MILLISECONDS);
}, DEADLINE_MILLISECONDS);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const text = async (argv: readonly string[], columns?: number) =>
  (await runCommand([...argv, ...alone], { state, columns })).out;

describe('gpus <gpu>', () => {
  it('names every reading there is, with its value and origin or with the reason why it has none', async () => {
    for (const { index } of state.gpus) {
      const page = await text(['gpus', String(index)]);
      for (const { id } of READINGS) expect(page, id).toMatch(new RegExp(`(?:^|[ ,])${id}(?:[ ,]|$)`, 'm'));
    }
    const page = await text(['gpus', '0']);
    expect(page).toMatch(/^memory_total_bytes +79\.\d GiB +Device memory +nvmlDeviceGetMemoryInfo_v2 +1 s$/m);
    expect(page).toMatch(
      /missing, the driver says that this GPU, as it is set up now, has none \(not_supported\): .*numa_node/,
    );
    expect(page).toMatch(/^architecture +hopper /m);
    // What a reading needs is told where the GPU has none, and each setting that is off by its name.
    expect(page.replace(/\s+/g, ' ')).toMatch(/missing, MIG is off \(mig_off\): mig_devices_max, mig_devices /);
    expect(await text(['gpus', '3'])).toMatch(
      /none; needed: Hopper or newer[^(]*\(not_supported\): .*sm_activity_ratio/,
    );
    expect(page).toMatch(/missing, not asked: --collector.nvlink-links is off \(single_links_off\): version, /);
    expect(page).toContain('fabric cluster none');
  });

  it('says who is on it, how it is divided, and what it is on the bus', async () => {
    const page = await text(['gpus', '87:00.0'], 100);
    expect(page).toContain('GPU 2  NVIDIA A100-SXM4-40GB  up, read ');
    expect(page).toMatch(/^ +2 +2\/0 +52001 +python3 .*pod /m);
    expect(page).toContain('│ 2g.10gb');
    expect(page).toMatch(/^memory_total_bytes +19\.5 GiB \(2\/0\) · 9\.63 GiB \(3\/0\) · 4\.75 GiB \(9\/0, 10\/0\)$/m);
    expect(page).toContain('link gen 4 x16');
  });

  it.each([60, 80, 120])('fits %i columns', async (columns) => {
    for (const command of [['gpus', '0'], ['gpus', '2'], ['mig'], ['processes'], ['pci']]) {
      const lines = (await text(command, columns)).split('\n');
      // A name that is longer than the terminal stays whole.
      const long = lines.filter((line) => width(line) > columns && columns >= 80);
      expect(long, command.join(' ')).toEqual([]);
    }
  });

  it('gives the document of the API as JSON', async () => {
    const { gpu: told, readings, mig } = JSON.parse(await text(['gpus', '2', '--json']));
    expect([told.index, readings.length, mig.memorySlices]).toEqual([2, READINGS.length, 8]);
  });

  it('ends with 1 and what there is for a GPU that is not there', async () => {
    const unknown = await runCommand(['gpus', '9', ...alone], { state });
    expect([unknown.code, unknown.err]).toEqual([
      1,
      'gpu-node-agent: No GPU is called "9"; indices are: 0, 1, 2, 3. gpu-node-agent gpus lists them.\n',
    ]);
    const several = await runCommand(['gpus', '5100', ...alone], { state });
    expect(several.err).toContain('"5100" may be any of 4 GPUs');
  });
});

describe('mig', () => {
  it('draws GPU instances in their places on the memory slices', async () => {
    expect(await text(['mig', '2'], 80)).toContain(`\
GPU 2  A100-SXM4-40GB  MIG on
   0        1        2        3        4        5        6        7
  │ 2g.10gb         │ 1g.5gb │ 1g.5gb │ 3g.20gb                           │
  │ GI 3            │ GI 9   │ GI 10  │ GI 2                              │
`);
  });

  it('shows what is free, and a compute instance under its GPU instance', async () => {
    const [a100] = state.gpus.filter(({ index }) => index === 2);
    if (a100 === undefined) throw new Error('the scenario has an A100');
    const drawn = async (available: number) => {
      const migProfiles = a100.migProfiles.map((profile) => ({ ...profile, available }));
      const free = { ...state, gpus: [{ ...a100, migInstances: a100.migInstances.slice(0, 1), migProfiles }] };
      return (await runCommand(['mig', ...alone], { state: free, columns: 80 })).out;
    };
    const out = await drawn(1);
    // What is left of the memory is of no use once all compute slices are taken.
    expect(await drawn(0)).toContain('│ unused │ unused │ unused │ unused │ 3g.20gb ');
    expect(out).toContain('│ free   │ free   │ free   │ free   │ 3g.20gb                           │');
    expect(out).toMatch(/^GI 2 +3g\.20gb +4–7$/m);
    expect(out).toMatch(/^└─ CI 0 +3g\.20gb +42 /m);
  });

  it('says that a switch of the mode waits for a reset, and shows the mode of a GPU without instances', async () => {
    const told = (now: number, pending: number) =>
      runningState({
        gpus: [gpu(0, { readings: readings({ mig_mode_enabled: now, mig_mode_pending: pending, mig_devices: 0 }) })],
      });
    const out = async (command: string, now: number, pending: number) =>
      (await runCommand([command, ...alone], { state: told(now, pending), columns: 120 })).out;
    expect(await out('mig', 0, 1)).toMatch(/MIG off, on after the next reset$/m);
    expect(await out('mig', 1, 0)).toMatch(/MIG on, off after the next reset$/m);
    expect(await out('mig', 1, 1)).toMatch(/MIG on$/m);
    expect(await out('gpus', 1, 1)).toMatch(/ MIG +USED BY\n.* 0 +–$/m);
    expect(await out('gpus', 0, 1)).not.toContain('MIG');
  });

  it('says why GPUs show none', async () => {
    const page = await text(['mig']);
    expect(page).toContain('GPU 0  H100 80GB HBM3  MIG off');
    expect(page).toMatch(/GPU 3 {2}Tesla T4 {2}no MIG\n {2}the driver says .* has none \(not_supported\)/);
  });

  it('draws nothing where two instances claim one place, or where places are not told', async () => {
    const instances = fullState().gpus[0]?.migInstances ?? [];
    const { out } = await runCommand(['mig', ...alone], {
      state: runningState({ gpus: [gpu(0, { migInstances: instances })] }),
    });
    expect(out).not.toContain('│');
    expect(out).toMatch(/^GI 1 +3g\.40gb +–$/m);
  });
});

describe('processes', () => {
  it('lists who they are, with where the name comes from', async () => {
    const page = await text(['processes']);
    expect(page).toMatch(/^ +0 +– +51001 +python3 +compute +57 GiB +9\d %.* slurm job 90210 +cgroup$/m);
    expect(page).toMatch(/^0000:bd:00\.0 +– +54001 +qemu-system-x86 +vfio .* vm build-runner-a/m);
  });

  it('of one GPU', async () => {
    const { processes } = JSON.parse(await text(['processes', '1', '--json']));
    expect(processes.map(({ pid }: { pid: number }) => pid)).toEqual([51101, 51102]);
    expect(await runCommand(['processes', '0', ...alone], { state: runningState() })).toMatchObject({
      code: 0,
      out: expect.stringContaining('No processes.'),
    });
  });

  it('are not all there is where GPUs are given to virtual machines', async () => {
    const host = gpu(1, { readings: readings({ virtualization_mode: 3, compute_processes: 0 }) });
    const node = runningState({ gpus: [gpu(0), host], partitions: [partition(1)] });
    const out = async (...argv: string[]) => (await runCommand([...argv, ...alone], { state: node })).out;
    const note = 'Of virtual machines on GPU 1 the driver tells the host no processes.';
    expect(await out('processes')).toContain(note);
    expect(await out('processes', '0')).not.toContain(note);
    expect(await out('gpus', '1')).toMatch(/^Not known: the driver did not give all of its lists\.$/m);
    expect(await out('partitions')).toMatch(/^whole .* virtual machines, if any \(not told to the host\) /m);
    expect(await out('gpus')).toMatch(/virtual machines, if any \(not told to the host\)$/m);
  });
});

it('a function that the driver does not see is told from a GPU that is not there', async () => {
  const given = await runCommand(['gpus', 'bd:00.0', ...alone], { state });
  expect(given.code).toBe(1);
  expect(given.err).toContain(
    'The driver reports no GPU at 0000:bd:00.0; what is there it does not see: the kernel driver vfio-pci has it.',
  );
  expect((await runCommand(['gpus', 'be:00.0', ...alone], { state })).err).toContain('No GPU is called "be:00.0"');
});

it('pci lists functions that NVML cannot see, with who has them', async () => {
  const page = await text(['pci']);
  expect(page).toMatch(
    /^0000:bd:00\.0 +– +10de:20b0 +vfio-pci +gen 4 x16 .* build-runner-a: the kernel driver vfio-pci has it$/m,
  );
  const { functions } = JSON.parse(await text(['pci', '--json']));
  expect(functions).toHaveLength(5);
  const nothing = await runCommand(['pci', ...alone], { state: runningState() });
  expect(nothing.out).toContain('No NVIDIA display or 3D functions on the PCI bus.');
});

it.each([
  [{ generation: 3, generationMax: 3, widthLanes: 8, widthLanesMax: 16 }, 'gen 3 x8 of x16'],
  [{ generation: 1, generationMax: 4, widthLanes: 16, widthLanesMax: 16 }, 'gen 1 x16 of gen 4 x16'],
  [{ generation: 5, generationMax: 5, widthLanes: 16, widthLanesMax: 16 }, 'gen 5 x16'],
  [{ widthLanes: 16 }, 'gen ? x16'],
  [undefined, '–'],
])('a link of %j reads %s', (link, shown) => {
  expect(linkText({ gone: false, ...(link === undefined ? {} : { link }) })).toBe(shown);
});

it('hostile names cannot write to the terminal', async () => {
  const evil = '\u001b]0;owned\u0007\u001b[2Jx\r\nGPU 9 is fine\u202egnp\u0085';
  const base = fullState();
  const hostile: NodeState = {
    ...base,
    gpus: [gpu(0, { ...base.gpus[0], name: evil, serial: evil, conditionReason: evil })],
    partitions: [partition(0, { profile: evil, workloads: ['w'] })],
    workloads: [podWorkload({ id: 'w', name: evil })],
    processes: [{ pid: 4242, name: evil, startedUnixSeconds: 1 }],
    pci: base.pci.map((one) => ({ ...one, busId: '0000:00:00.0', driver: evil })),
    simulated: evil,
  };
  for (const command of [['gpus', '0'], ['mig'], ['processes'], ['pci']]) {
    for (const columns of [undefined, 80]) {
      const { out } = await runCommand([...command, ...alone], { state: hostile, columns });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not come through
      expect(out, command.join(' ')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
      expect(out.split('\n')).not.toContainEqual(expect.stringMatching(/^GPU 9 is fine/));
    }
  }
});
