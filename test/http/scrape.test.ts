import { get, type IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { buildWebApp } from '../../src/http/app.js';
import { type MetricsSource, Scrape } from '../../src/http/scrape.js';
import { openWebServer, type WebServer } from '../../src/http/web-server.js';
import { runningState } from './node-states.js';

/** More than a socket takes in one piece, so that a reader who pauses leaves most of an answer unsent. */
const BYTES = 16 * 1024 * 1024;

/** Writes each answer in one letter, the next after the last, over memory that was given back. */
class Letters implements MetricsSource {
  readonly spare: Uint8Array[] = [];
  readonly released: string[] = [];
  rendered = 0;

  async render(): Promise<Uint8Array> {
    const bytes = this.spare.pop() ?? new Uint8Array(BYTES);
    bytes.fill('a'.charCodeAt(0) + this.rendered++);
    return bytes;
  }

  release(bytes: Uint8Array): void {
    this.released.push(String.fromCharCode(bytes[0] as number));
    this.spare.push(bytes);
  }
}

const open: WebServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function serve(metrics: MetricsSource): Promise<string> {
  const source = { current: () => runningState() };
  const app = buildWebApp({ source, metrics, maxRequests: 4, telemetryPath: '/metrics', log: undefined });
  const server = await openWebServer(app, '127.0.0.1:0');
  open.push(server);
  return `${server.url}/metrics`;
}

function answerOf(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, resolve).on('error', reject);
  });
}

async function lettersOf(answer: IncomingMessage): Promise<string> {
  const letters = new Set<number>();
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += chunk.length;
    // One letter all through, or all that are in it.
    const [first] = chunk as Buffer;
    if (chunk.equals(Buffer.alloc(chunk.length, first))) letters.add(first as number);
    else for (const letter of new Set(chunk as Buffer)) letters.add(letter);
  }
  expect(bytes).toBe(BYTES);
  return String.fromCharCode(...letters);
}

const until = (test: () => boolean) => expect.poll(test, { timeout: 5_000 }).toBe(true);

test('the memory of an answer is not written over before a slow reader has it all', async () => {
  const metrics = new Letters();
  const url = await serve(metrics);
  const slow = await answerOf(url);
  slow.pause();
  expect(await lettersOf(await answerOf(url))).toBe('b');
  await until(() => metrics.released.length === 1);
  expect(await lettersOf(await answerOf(url))).toBe('c');
  expect(metrics.released).not.toContain('a');
  expect(await lettersOf(slow)).toBe('a');
  await until(() => metrics.released.includes('a'));
});

test('the memory of an answer that nobody waits for any more is used again', async () => {
  const metrics = new Letters();
  const url = await serve(metrics);
  (await answerOf(url)).destroy();
  await until(() => metrics.released.length === 1);
});

test('scrapes that share an answer give its memory back once, after the last', async () => {
  const metrics = new Letters();
  const scrape = Scrape.of(metrics);
  const [first, second] = await Promise.all([scrape.body('text', false), scrape.body('text', false)]);
  expect(metrics.rendered).toBe(1);
  first.done();
  expect(metrics.released).toEqual([]);
  second.done();
  expect(metrics.released).toEqual(['a']);
});

test('what was compressed is given back at once', async () => {
  const metrics = new Letters();
  const { bytes, done } = await Scrape.of(metrics).body('text', true);
  expect(metrics.released).toEqual(['a']);
  await metrics.render();
  expect(gunzipSync(bytes).subarray(0, 3).toString()).toBe('aaa');
  done();
  expect(metrics.released).toEqual(['a']);
});
