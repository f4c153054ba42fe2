import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeView } from '../../src/http/documents/node.js';
import type { NodeState } from '../../src/model/node-state.js';
import { readingIndex } from '../../src/model/readings.js';
import { barWidthRules } from '../../src/web/bar-width.js';
import { escaped, html } from '../../src/web/markup.js';
import styles from '../../src/web/page.css';
import { renderPage } from '../../src/web/page.js';
import {
  finding,
  fullState,
  gpu,
  partition,
  podWorkload,
  readings,
  runningState,
  startingState,
} from '../http/node-states.js';

const render = (state: NodeState) => renderPage(nodeView(state), { hostname: 'node-7', telemetryPath: '/metrics' });

/** The page as text, markup taken away. */
const textOf = (state: NodeState) =>
  render(state)
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');

describe('the page', () => {
  it('says first that a node is simulated', () => {
    const text = textOf(fullState());
    expect(text).toMatch(/Simulated node\. No GPU here is real\. scenario=dgx-a100-mig/);
    expect(text.indexOf('Simulated node')).toBeLessThan(text.indexOf('Driver'));
    expect(textOf(runningState())).not.toMatch(/simulated/i);
  });

  it('puts what needs a person before the GPUs, with its next step', () => {
    const text = textOf(fullState());
    expect(text).toContain(
      'critical GPU 0 has not answered nvmlDeviceGetPowerUsage for 61 seconds. Drain the node, then reset GPU 0.',
    );
    expect(text).toContain(
      'stuck nvmlDeviceGetPowerUsage of GPU 0 has not come back for 61 s. process 78, thread 80 (D) · asleep in os_acquire_rwlock_write',
    );
    expect(text.indexOf('Needs attention')).toBeLessThan(text.indexOf('GPU 0 NVIDIA'));
    expect(textOf(runningState())).toContain('Nothing needs attention.');
  });

  it('shows each GPU with its values and what has none as a dash', () => {
    const text = textOf(fullState());
    expect(text).toContain('Utilisation 50 % Memory 1 / 80 GiB Power 251 / 400 W Temperature 41 °C');
    expect(text).toContain('Utilisation – Memory – Power – Temperature –');
    expect(text).toContain('Last XID 119: the GPU&#39;s firmware (GSP) did not answer the driver, ');
  });

  it('names beside the parts of a GPU who has it as a whole, and nobody twice', () => {
    const server = { ...podWorkload(), id: 'unit-mps', name: 'nvidia-mps.service', pids: [4343] };
    const whole = partition(0, { allocated: true, workloads: [server.id] });
    const client = { ...whole, id: `${whole.id}/mps/a`, kind: 'mps', workloads: [podWorkload().id] } as const;
    const text = textOf(
      runningState({ gpus: [gpu(0)], partitions: [whole, client], workloads: [server, podWorkload()] }),
    );
    expect(text).toMatch(/Used by nvidia-mps\.service mps .* research\/llm-0\/train/);
    expect(text.split('research/llm-0/train')).toHaveLength(2);
    expect(text.split('nvidia-mps.service')).toHaveLength(2);
  });

  it('says of a GPU in MIG mode why it has no utilisation, and when nothing can run on it', () => {
    const empty = readings({ mig_mode_enabled: 1, mig_devices: 0 });
    const text = textOf(runningState({ gpus: [gpu(0, { readings: empty })] }));
    expect(text).toContain('Utilisation none in MIG mode');
    expect(text).toContain('No GPU instances: MIG mode is on and nothing can run.');
  });

  it('does not call a GPU empty whose MIG instances the driver does not show, and says why', () => {
    const hidden = readings({ mig_mode_enabled: 1 });
    hidden.status[readingIndex('mig_devices')] = 4;
    const text = textOf(runningState({ gpus: [gpu(0, { readings: hidden })] }));
    expect(text).not.toContain('nothing can run');
    expect(text).toMatch(/which instances there are is not known: .*it tells root/);
  });

  it('names partitions and who holds them, and a claim that the driver does not confirm', () => {
    const text = textOf(fullState());
    expect(text).toContain('mig 3g.40gb 10 / 40 GiB · 25 % research/llm-0/train');
    expect(text).toContain('share 1 / 8 GiB research/llm-0/train reports 1 GiB, the driver counts 2 GiB');
  });

  it('lists what the driver does not see', () => {
    const away = partition(0, {
      id: 'pci-0000:65:00.0',
      pciBusId: '0000:65:00.0',
      kind: 'passthrough',
      gpuUuid: undefined,
      gpuIndex: undefined,
      allocated: true,
    });
    const text = textOf(runningState({ partitions: [partition(0), away] }));
    expect(text).toContain('Given away');
    expect(text).toContain('passthrough 0000:65:00.0');
  });

  it('says that virtual machines may use a GPU, and not nobody', () => {
    const host = gpu(0, { readings: readings({ virtualization_mode: 3 }) });
    expect(textOf(runningState({ gpus: [host] }))).toContain('Used by virtual machines, if any (not told to the host)');
  });

  it('names who uses a GPU that is not divided', () => {
    const busy = gpu(0, {
      processes: [4242, 77].map((pid) => ({
        pid,
        type: 'compute',
        usedMemoryBytes: undefined,
        gpuInstance: undefined,
        computeInstance: undefined,
      })),
      processTotal: 2,
    });
    const text = textOf(runningState({ gpus: [busy], workloads: [podWorkload()] }));
    expect(text).toContain('Used by research/llm-0/train, pid 77');
  });

  it('does not alarm for what is only good to know', () => {
    const text = textOf(runningState({ findings: [finding({ severity: 'info' })] }));
    expect(text).toContain('Good to know');
    expect(text).not.toContain('Needs attention');
  });

  it('explains a node without a driver', () => {
    const { driver } = startingState();
    const text = textOf(
      startingState({ driver: { ...driver, state: 'library_missing', message: 'looked in /usr/lib64' } }),
    );
    expect(text).toContain('library missing');
    expect(text).toContain('looked in /usr/lib64');
    expect(text).toContain('No GPUs to show.');
  });

  it('asks nothing of anybody else and needs no style attribute or inline script', () => {
    const page = render(fullState());
    expect(page).not.toMatch(/https?:\/\//);
    expect(page).not.toMatch(/\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/i);
    const classes = [...page.matchAll(/class="fill (w\d+)/g)].map(([, name]) => name);
    expect(classes.length).toBeGreaterThan(0);
    for (const name of classes) expect(`${styles}${barWidthRules()}`).toContain(`.${name} {`);
  });

  it('gives every part an id of its own, by which its script finds it', () => {
    const ids = [...render(fullState()).matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(
      expect.arrayContaining([
        'liveness',
        'main',
        'banner',
        'summary',
        'attention',
        'gpus',
        'gpu-0',
        'gpu-1',
        'others',
      ]),
    );
  });
});

describe('hostile text', () => {
  const evil = `"><script>alert(1)</script><img src=x onerror='alert(2)'>\u202e\u001b[31m&amp;`;

  it('is text wherever it comes from', () => {
    const state = runningState({
      simulated: evil,
      driver: { ...runningState().driver, driverVersion: evil, cudaVersion: evil, message: evil },
      sampling: {
        ...fullState().sampling,
        state: 'released',
        reason: evil,
        released: [{ gpu: evil, untilUnixSeconds: undefined }],
        stuckCalls: fullState().sampling.stuckCalls.map((call) => ({
          ...call,
          function: evil,
          wchan: evil,
          threadState: evil,
        })),
      },
      gpus: [
        gpu(0, {
          name: evil,
          uuid: evil,
          pciBusId: evil,
          conditionReason: evil,
          condition: 'failed',
          readings: readings({}),
        }),
      ],
      partitions: [partition(0, { kind: 'mig', gpuUuid: evil, profile: evil, workloads: [evil, podWorkload().id] })],
      workloads: [podWorkload({ name: evil })],
      findings: [finding({ reason: evil, nextStep: evil, code: evil, subject: { kind: 'gpu', id: evil } })],
    });
    const page = renderPage(nodeView(state), { hostname: evil, telemetryPath: '/metrics' });
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toContain('<img');
    expect(page).not.toContain('\u001b');
    expect(page).not.toContain('\u202e');
    expect(page.split('&lt;script&gt;').length).toBeGreaterThan(15);
  });

  it('of any kind leaves no character that markup could begin or end with', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escaped(text)).not.toMatch(/[<>"']|&(?!amp;|lt;|gt;|quot;|#39;)/);
        expect(html`<b title="${text}">${text}</b>`.toString()).toBe(
          `<b title="${escaped(text)}">${escaped(text)}</b>`,
        );
      }),
    );
  });
});
