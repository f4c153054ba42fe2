/**
 * The agent of soak.mjs: everything but the network, in a process of its own, with a real sampler beside it. Both live
 * by the clock of a simulated node, which this program moves: one second as soon as the cycle before has been taken in,
 * so that nothing is ever late and a day lasts some minutes. It does as it is told over IPC.
 *
 *   node --expose-gc agent.mjs <node directory> [flags of the agent]
 */
import { readdirSync, readFileSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readClock, rebased, writeClock } from '../../simulator/state/clock-file.mjs';
import { startService } from '../../src/agent.js';
import { loadConfig } from '../../src/config/load.js';
import { Scrape } from '../../src/http/scrape.js';
import type { SegmentReader, Snapshot } from '../../src/native/addon.js';
import { loadAddon } from '../../src/native/load-addon.js';
import { DRIVER_STATES } from '../../src/native/member-view.js';

/** What the other side says: so many cycles, a look at what is held, or the end. */
export type Order = { readonly cycles: number } | 'weigh' | 'end';

/** What a process holds. */
export interface Holdings {
  readonly anonymousBytes: number;
  readonly descriptors: number;
  readonly threads: number;
}

/** The answer to an order. */
export interface Report {
  /** Cycles of the sampler so far. */
  readonly cycles: number;
  readonly reinitializations: number;
  readonly samplersStarted: number;
  readonly workloadsNamed: number;
  readonly expositions: number;
  readonly expositionBytes: number;
  readonly agent?: Holdings & { readonly heapBytes: number; readonly outsideHeapBytes: number };
  readonly sampler?: Holdings;
}

/** How ids of the pods begin that come and go, see world.mjs. */
const COMING = '7d1f0a52-3c84-4e6b-9f20-';
const SECOND_NANOSECONDS = 1_000_000_000n;
/** Any byte but the one that says "leave" only wakes the sampler: it then sees that the clock was moved. */
const WAKE = new Uint8Array([0x2e]);
/** A GPU that is being attached or is lost publishes no cycle: it is not waited for longer. */
const STRAGGLER_MILLISECONDS = 20;
/** While there is no driver the clock goes slowly: who waits for a lost driver sleeps in real time too. */
const NO_DRIVER_MILLISECONDS = 5;
const SILENT_MILLISECONDS = 30_000;
/** Scraped more often than by most: every eight seconds of the clock. */
const CYCLES_PER_SCRAPE = 8;
/** The formats in turn; every other answer is compressed. */
const FORMATS = ['text', 'text', 'openmetrics', 'openmetrics'] as const;

const [directory = '', ...flags] = process.argv.slice(2);
const clockPath = `${directory}/clock`;

const addon = loadAddon();
let socket = -1;
let sampler = 0;
let samplersStarted = 0;
let newest: Snapshot | undefined;
let tellOfRead = () => {};

// What crosses between the halves is watched here, and nothing of it changed.
const { spawnSampler, openSegment } = addon;
addon.spawnSampler = (options) => {
  const started = spawnSampler.call(addon, options);
  socket = started.socketFd;
  sampler = started.pid;
  samplersStarted++;
  return started;
};
addon.openSegment = (memoryFd) => {
  const reader: SegmentReader = openSegment.call(addon, memoryFd);
  return {
    read: () => {
      newest = reader.read();
      tellOfRead();
      return newest;
    },
    gpus: () => reader.gpus(),
    hami: () => reader.hami(),
    statistics: () => reader.statistics(),
    close: () => reader.close(),
  };
};

const { config } = loadConfig(flags, {}, []);
const problems = new Set<string>();
const log = {
  info() {},
  warn: (_: object, message: string) => void problems.add(message),
  error: (_: object, message: string) => void problems.add(message),
};
const service = await startService(config, log, { ownProcess: true });
const scrape = Scrape.of(service.metrics);

/** Of the pods whose id ends in a number: 1 = was seen. Of a fixed size, for memory is what counts here. */
const named = new Uint8Array(65_536);
let expositions = 0;
let expositionBytes = 0;

function isUp({ driver }: Snapshot): boolean {
  return DRIVER_STATES[driver.state] === 'initialized';
}

/** Whether each GPU published the cycle. */
function isComplete({ gpuStates, watch }: Snapshot): boolean {
  for (let at = 0; at + 2 < gpuStates.length && gpuStates[at] !== -1; at += 3) {
    if ((gpuStates[at + 2] ?? 0) < watch.cycle) return false;
  }
  return true;
}

/** Waits until what was read last is as wanted; false after the time. */
async function until(wanted: (read: Snapshot) => boolean, milliseconds: number): Promise<boolean> {
  const limit = performance.now() + milliseconds;
  for (;;) {
    if (newest !== undefined && wanted(newest)) return true;
    const left = limit - performance.now();
    if (left <= 0) return false;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, left);
      tellOfRead = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** A second passes. */
async function cycle(): Promise<void> {
  const before = newest?.watch.cycle ?? 0;
  const clock = rebased(readClock(clockPath));
  writeClock(clockPath, { ...clock, shownNanoseconds: clock.shownNanoseconds + SECOND_NANOSECONDS });
  writeSync(socket, WAKE);
  const began = await until(({ watch }) => watch.cycle > before, SILENT_MILLISECONDS);
  if (!began) throw new Error(`the sampler is silent since cycle ${before}`);
  await until((read) => !isUp(read) || isComplete(read), STRAGGLER_MILLISECONDS);
  if (newest === undefined || !isUp(newest)) await sleep(NO_DRIVER_MILLISECONDS);
}

async function look(scrapes: number): Promise<void> {
  const { workloads } = service.source.current();
  for (const { podUid } of workloads) {
    const number = podUid?.startsWith(COMING) ? Number(podUid.slice(COMING.length)) : undefined;
    if (number !== undefined) named[number] = 1;
  }
  const body = await scrape.body(FORMATS[scrapes % FORMATS.length] ?? 'text', scrapes % 2 === 1);
  expositionBytes += body.bytes.byteLength;
  body.done();
}

function holdings(pid: number): Holdings {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return {
    anonymousBytes: Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1]) * 1024,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
  };
}

async function weigh(): Promise<Pick<Report, 'agent' | 'sampler'>> {
  for (let round = 0; round < 2; round++) {
    globalThis.gc?.();
    await sleep(20);
  }
  addon.returnFreeMemory();
  const { heapUsed, external } = process.memoryUsage();
  return {
    agent: { ...holdings(process.pid), heapBytes: heapUsed, outsideHeapBytes: external },
    sampler: holdings(sampler),
  };
}

let done = 0;
async function obey(order: Order): Promise<void> {
  if (order === 'end') {
    await service.close();
    for (const problem of problems) console.log(`the agent warned: ${problem}`);
    process.exit(0);
  }
  const weights = order === 'weigh' ? await weigh() : {};
  if (order !== 'weigh') {
    for (let left = order.cycles; left > 0; left--) {
      await cycle();
      if (done++ % CYCLES_PER_SCRAPE === 0) await look(expositions++);
    }
  }
  const report: Report = {
    cycles: newest?.watch.cycle ?? 0,
    reinitializations: newest?.driver.reinitializations ?? 0,
    samplersStarted,
    workloadsNamed: named.reduce((sum, one) => sum + one, 0),
    expositions,
    expositionBytes,
    ...weights,
  };
  process.send?.(report);
}

process.on('disconnect', () => process.exit(1));
process.on('message', (order: Order) => {
  obey(order).catch((error: Error) => {
    console.error(error);
    process.exit(1);
  });
});
if (!(await until(() => true, SILENT_MILLISECONDS))) throw new Error('the sampler does not start');
process.send?.('started');
