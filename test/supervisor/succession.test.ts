import { describe, expect, it } from 'vitest';
import type { GpuIdentity } from '../../src/model/gpu-identity.js';
import { UNSEEN } from '../../src/native/member-view.js';
import { gpu, Rehearsal, stuckOn, WELL } from './fleets.js';

/** A fleet whose first sampler is shown and well. */
function running(): Rehearsal {
  const rehearsal = new Rehearsal();
  rehearsal.settle();
  rehearsal.view(1, WELL);
  return rehearsal;
}

describe('the first sampler', () => {
  it('is shown at once, while its driver is still starting', () => {
    const rehearsal = new Rehearsal();
    rehearsal.settle();
    expect(rehearsal.fleet.shownGeneration).toBe(1);
    expect(rehearsal.started).toHaveLength(1);
  });

  it('leaves nothing to do while all is well', () => {
    const rehearsal = running();
    rehearsal.pass(600);
    expect(rehearsal.started).toHaveLength(1);
    expect(rehearsal.generations).toEqual([1]);
    expect(rehearsal.fleet.restarts).toBe(0);
  });

  it('that cannot be started is tried again with growing waits, at most 30 s', () => {
    const rehearsal = new Rehearsal();
    rehearsal.startProblem = 'no such file';
    rehearsal.settle();
    expect(rehearsal.started).toHaveLength(1);
    rehearsal.pass(0.25);
    expect(rehearsal.started).toHaveLength(2);
    rehearsal.pass(0.25);
    expect(rehearsal.started).toHaveLength(2);
    rehearsal.pass(300);
    const soFar = rehearsal.started.length;
    expect(soFar).toBeLessThan(20);
    rehearsal.pass(31);
    expect(rehearsal.started.length).toBe(soFar + 1);
    expect(rehearsal.fleet.failure).toBe('no such file');
    // Nothing was started, so nothing was started anew; the first that succeeds is the first.
    rehearsal.startProblem = undefined;
    rehearsal.pass(31);
    expect(rehearsal.generations).toEqual([1]);
    expect(rehearsal.fleet.restarts).toBe(0);
  });
});

describe('a sampler that dies', () => {
  it('is replaced after 0.2 s and the death is counted', () => {
    const rehearsal = running();
    rehearsal.end(1);
    expect(rehearsal.started).toHaveLength(1);
    rehearsal.pass(0.3);
    expect(rehearsal.started).toHaveLength(2);
    expect(rehearsal.fleet.shownGeneration).toBe(2);
    expect(rehearsal.fleet.restarts).toBe(1);
  });

  it('again and again is not replaced faster than every 30 s in the end', () => {
    const rehearsal = running();
    for (let i = 0; i < 12; i++) {
      const newest = rehearsal.generations.at(-1);
      if (newest !== undefined) rehearsal.end(newest);
      rehearsal.pass(31);
    }
    const before = rehearsal.started.length;
    rehearsal.end(rehearsal.generations.at(-1) as number);
    rehearsal.pass(29);
    expect(rehearsal.started.length).toBe(before);
    rehearsal.pass(2);
    expect(rehearsal.started.length).toBe(before + 1);
  });

  it('that has been well for a minute is replaced quickly again', () => {
    const rehearsal = running();
    for (let i = 0; i < 6; i++) {
      rehearsal.end(rehearsal.generations.at(-1) as number);
      rehearsal.pass(31);
    }
    rehearsal.pass(61);
    const newest = rehearsal.generations.at(-1) as number;
    rehearsal.view(newest, WELL);
    rehearsal.end(newest);
    rehearsal.pass(0.3);
    expect(rehearsal.generations).toHaveLength(1);
  });
});

describe('one stuck GPU', () => {
  it('gets a successor without it after a second of waiting for others', () => {
    const rehearsal = running();
    rehearsal.view(1, stuckOn(3));
    expect(rehearsal.started).toHaveLength(1);
    rehearsal.pass(1.1);
    expect(rehearsal.started).toHaveLength(2);
    expect(rehearsal.started[1]?.exclusion).toEqual([gpu(3)]);
    expect(rehearsal.fleet.restarts).toBe(1);
    expect(rehearsal.fleet.shownGeneration).toBe(1);
  });

  it('the old sampler is asked to leave only when all other GPUs of the new one answered', () => {
    const rehearsal = running();
    rehearsal.view(1, stuckOn(3));
    rehearsal.pass(1.1);
    rehearsal.view(2, { ...WELL, settledGpus: new Set([0, 1, 2, 3, 4, 5, 6]), excludedGpus: new Set([3]) });
    expect(rehearsal.fleet.shownGeneration).toBe(1);
    rehearsal.view(2, { ...WELL, excludedGpus: new Set([3]) });
    expect(rehearsal.fleet.shownGeneration).toBe(2);
    expect(rehearsal.steps).toContainEqual(expect.objectContaining({ kind: 'leave', generation: 1 }));
    expect(rehearsal.steps.some((step) => step.kind === 'kill')).toBe(false);
  });

  it('that answers within the second costs no process', () => {
    const rehearsal = running();
    rehearsal.view(1, stuckOn(3));
    rehearsal.pass(0.5);
    rehearsal.view(1, WELL);
    rehearsal.pass(30);
    expect(rehearsal.started).toHaveLength(1);
  });

  it('comes back 30 s after its sampler is gone, and later each time', () => {
    const rehearsal = running();
    const stick = () => {
      const shown = rehearsal.fleet.shownGeneration as number;
      rehearsal.view(shown, stuckOn(3));
      rehearsal.pass(1.1);
      rehearsal.view(shown + 1, WELL);
      return shown;
    };
    const first = stick();
    rehearsal.pass(200);
    expect(rehearsal.started.at(-1)?.exclusion).toEqual([gpu(3)]);
    rehearsal.end(first);
    rehearsal.pass(29);
    expect(rehearsal.started.at(-1)?.exclusion).toEqual([gpu(3)]);
    rehearsal.pass(2);
    expect(rehearsal.started.at(-1)?.exclusion).toEqual([]);
    rehearsal.view(rehearsal.generations.at(-1) as number, WELL);
    rehearsal.end(rehearsal.generations[0] as number);
    const second = stick();
    rehearsal.end(second);
    rehearsal.pass(31);
    expect(rehearsal.started.at(-1)?.exclusion).toEqual([gpu(3)]);
    rehearsal.pass(30);
    expect(rehearsal.started.at(-1)?.exclusion).toEqual([]);
  });

  it('at most two samplers are left asleep, then the third stuck GPU starts no process', () => {
    const rehearsal = running();
    rehearsal.view(1, stuckOn(3));
    rehearsal.pass(1.1);
    rehearsal.view(2, WELL);
    rehearsal.view(2, stuckOn(5));
    rehearsal.pass(1.1);
    expect(rehearsal.started.at(-1)?.exclusion).toEqual([gpu(3), gpu(5)]);
    rehearsal.view(3, WELL);
    rehearsal.view(3, stuckOn(6));
    rehearsal.pass(3600);
    expect(rehearsal.started).toHaveLength(3);
    expect(rehearsal.limitReached).toMatch(/101 and 102 and 103 sleep in the driver/);
    rehearsal.end(1);
    rehearsal.pass(2);
    expect(rehearsal.started).toHaveLength(4);
    expect(rehearsal.limitReached).toBeUndefined();
  });
});

describe('a driver that hangs as a whole', () => {
  const stalled = { ...UNSEEN, driver: 'starting', controlStuck: true } as const;

  it('in init gets one more process after a minute and never a third', () => {
    const rehearsal = new Rehearsal();
    rehearsal.settle();
    rehearsal.view(1, stalled);
    rehearsal.pass(59);
    expect(rehearsal.started).toHaveLength(1);
    rehearsal.pass(2);
    expect(rehearsal.started).toHaveLength(2);
    rehearsal.view(2, stalled);
    rehearsal.pass(7200);
    expect(rehearsal.started).toHaveLength(2);
    expect(rehearsal.limitReached).toMatch(/sleep in the driver/);
  });

  it('under running samplers sets no GPU aside', () => {
    const rehearsal = running();
    rehearsal.view(1, { ...stuckOn(0, 1, 2), lateGpus: new Set([0, 1, 2, 3, 4, 5, 6, 7]) });
    rehearsal.pass(30);
    expect(rehearsal.started).toHaveLength(1);
    expect(rehearsal.fleet.setAside.gpus).toEqual([]);
  });

  it('seen as one stuck GPU first sets nothing aside when the others follow within the second', () => {
    const rehearsal = running();
    rehearsal.view(1, stuckOn(0));
    rehearsal.pass(0.4);
    rehearsal.view(1, stuckOn(0, 1, 2, 3, 4, 5, 6, 7));
    rehearsal.pass(30);
    expect(rehearsal.started).toHaveLength(1);
  });

  it('has no say of a lost GPU in it, unless its look-up hangs too', () => {
    const others = [0, 1, 2, 3, 4, 6, 7];
    const rehearsal = running();
    rehearsal.view(1, { ...stuckOn(...others), unreadableGpus: new Set([5]) });
    rehearsal.pass(30);
    expect(rehearsal.started).toHaveLength(1);
    expect(rehearsal.fleet.setAside.gpus).toEqual([]);

    const allLost = running();
    allLost.view(1, { ...stuckOn(0, 1, 2, 3, 4, 5, 6, 7), unreadableGpus: new Set([0, 1, 2, 3, 4, 5, 6, 7]) });
    allLost.pass(30);
    expect(allLost.started).toHaveLength(1);

    const oneLost = running();
    oneLost.view(1, { ...stuckOn(5), unreadableGpus: new Set([5]) });
    oneLost.pass(30);
    expect(oneLost.started).toHaveLength(2);
  });

  it('that answers again is read again without a new process', () => {
    const rehearsal = new Rehearsal();
    rehearsal.settle();
    rehearsal.view(1, stalled);
    rehearsal.pass(5);
    rehearsal.view(1, WELL);
    rehearsal.pass(120);
    expect(rehearsal.started).toHaveLength(1);
  });
});

describe('a library that does not fit the kernel driver', () => {
  it('is loaded anew by new processes, each after a longer wait, and the last heals it', () => {
    const rehearsal = running();
    const mismatch = { ...UNSEEN, driver: 'mismatch' } as const;
    rehearsal.view(1, mismatch);
    for (let round = 0; round < 8; round++) {
      rehearsal.pass(200);
      for (const generation of rehearsal.generations.slice(0, -1)) rehearsal.end(generation);
      rehearsal.view(rehearsal.generations.at(-1) as number, mismatch);
    }
    expect(rehearsal.started.length).toBeGreaterThan(4);
    const times = rehearsal.started.length;
    rehearsal.view(rehearsal.generations.at(-1) as number, WELL);
    rehearsal.pass(600);
    expect(rehearsal.started).toHaveLength(times);
    expect(rehearsal.fleet.mismatches).toBe(0);
  });
});

describe('release', () => {
  const hold = (rehearsal: Rehearsal, what: 'all' | GpuIdentity, forSeconds?: number) => {
    const untilSeconds = forSeconds === undefined ? undefined : rehearsal.now + forSeconds;
    rehearsal.fleet = { ...rehearsal.fleet, released: [{ gpu: what, sinceSeconds: rehearsal.now, untilSeconds }] };
    rehearsal.settle();
  };

  it('starts a successor that does not touch the driver and hands over at once', () => {
    const rehearsal = running();
    hold(rehearsal, 'all');
    expect(rehearsal.started.at(-1)?.exclusion).toBe('all');
    rehearsal.view(2, { ...UNSEEN, driver: 'unused' });
    expect(rehearsal.fleet.shownGeneration).toBe(2);
    expect(rehearsal.steps.at(-1)).toMatchObject({ kind: 'leave', generation: 1 });
  });

  it('does not wait for a slow successor, and kills what has not let go after 1.5 s', () => {
    const rehearsal = running();
    hold(rehearsal, gpu(2));
    rehearsal.pass(0.8);
    expect(rehearsal.steps).toContainEqual(expect.objectContaining({ kind: 'leave', generation: 1 }));
    expect(rehearsal.steps.some(({ kind }) => kind === 'kill')).toBe(false);
    rehearsal.pass(0.8);
    expect(rehearsal.steps).toContainEqual({ kind: 'kill', generation: 1 });
    rehearsal.pass(10);
    expect(rehearsal.steps.filter(({ kind }) => kind === 'kill')).toHaveLength(1);
  });

  it('never asks the successor that holds nothing', () => {
    const rehearsal = running();
    hold(rehearsal, gpu(2));
    rehearsal.view(2, WELL);
    rehearsal.end(1);
    rehearsal.pass(60);
    expect(rehearsal.generations).toEqual([2]);
    expect(rehearsal.steps.some((step) => step.kind === 'leave' && step.generation === 2)).toBe(false);
  });

  it('goes on for a GPU that the driver does not have any more, and leaves out no other for it', () => {
    const rehearsal = running();
    hold(rehearsal, gpu(2));
    rehearsal.view(2, { ...WELL, excludedGpus: new Set([2]) });
    rehearsal.end(1);
    // The GPU is bound to vfio-pci and the sampler initialises anew: seven GPUs, all of them read.
    const seven = { ...WELL, gpuCount: 7, settledGpus: new Set([0, 1, 2, 3, 4, 5, 6]) };
    rehearsal.view(2, seven);
    rehearsal.pass(600);
    expect(rehearsal.started).toHaveLength(2);
    expect(rehearsal.fleet.released.map((one) => one.gpu)).toEqual([gpu(2)]);
    // A hang of the one that stands at its index now is that GPU's.
    rehearsal.view(2, { ...seven, stuckGpus: new Map([[2, gpu(3, 2)]]), lateGpus: new Set([2]) });
    rehearsal.pass(1.1);
    expect(rehearsal.started.at(-1)?.exclusion).toEqual([gpu(2), gpu(3, 2)]);
  });

  it('of a GPU that was stuck leaves it out once', () => {
    const rehearsal = running();
    rehearsal.view(1, stuckOn(3));
    rehearsal.pass(1.1);
    rehearsal.view(2, { ...WELL, excludedGpus: new Set([3]) });
    const before = rehearsal.started.length;
    // By its address alone, as one is known that hung when it was first looked up.
    hold(rehearsal, { ...gpu(3), uuid: undefined });
    rehearsal.pass(10);
    expect(rehearsal.started).toHaveLength(before);
  });

  it('ends by itself after its time', () => {
    const rehearsal = running();
    hold(rehearsal, 'all', 600);
    rehearsal.view(2, { ...UNSEEN, driver: 'unused' });
    rehearsal.end(1);
    rehearsal.pass(599);
    expect(rehearsal.started).toHaveLength(2);
    rehearsal.pass(1.2);
    expect(rehearsal.started.at(-1)?.exclusion).toEqual([]);
  });

  it('of all GPUs works although two samplers sleep in the driver', () => {
    const rehearsal = new Rehearsal();
    rehearsal.settle();
    rehearsal.view(1, { ...UNSEEN, controlStuck: true });
    rehearsal.pass(61);
    rehearsal.view(2, { ...UNSEEN, controlStuck: true });
    hold(rehearsal, 'all');
    expect(rehearsal.started.at(-1)?.exclusion).toBe('all');
  });
});

describe('silence', () => {
  it('of ten seconds on the injected clock brings a successor', () => {
    const rehearsal = running();
    rehearsal.now += 11;
    rehearsal.settle();
    expect(rehearsal.started).toHaveLength(2);
  });
});

describe('closing', () => {
  it('asks every sampler once and starts none', () => {
    const rehearsal = running();
    rehearsal.fleet = { ...rehearsal.fleet, closing: true };
    rehearsal.settle();
    rehearsal.end(1);
    rehearsal.now += 60;
    rehearsal.settle();
    expect(rehearsal.started).toHaveLength(1);
    expect(rehearsal.steps.filter(({ kind }) => kind === 'leave')).toHaveLength(1);
  });
});
