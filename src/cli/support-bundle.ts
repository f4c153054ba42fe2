import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { BundlePart } from './bundle-parts.js';
import { type Command, CommandError, EXIT, type Invocation } from './command.js';
import { mustBeNew, writeNewFile } from './new-file.js';
import { visible } from './text.js';

/** Longest wait for one part: they are collected side by side. */
const PART_MILLISECONDS = 15_000;
/** With --capture the driver is asked for everything. */
const CAPTURE_MILLISECONDS = 130_000;
const TAR_MILLISECONDS = 60_000;

/** One line of the manifest. */
interface Entry {
  readonly name: string;
  readonly seconds: number;
  readonly bytes?: number;
  readonly missing?: string;
}

/** `gpu-node-agent support-bundle` */
export const supportBundle: Command = {
  name: 'support-bundle',
  summary: 'Put what a report needs into one file: settings, state, readings, logs; nothing is sent anywhere',
  operands: '<file.tar.gz>',
  operandCount: [1, 1],
  flags: [
    { name: 'anonymise', value: undefined, description: 'Replace UUIDs, serial numbers, host name, pids and names.' },
    { name: 'capture', value: undefined, description: 'Also record what the driver answers, as `capture` does.' },
  ],
  details: [
    'Works without an agent, without root and with a driver that hangs: MANIFEST.json says what is missing and why.',
    'Look into the file before you give it away. Settings that may let somebody in are masked. Uses the program tar.',
  ],
  async run(invocation) {
    const file = invocation.operands[0] as string;
    mustBeNew(file);
    // Loaded only when asked for: it starts processes.
    const { PARTS } = await import('./bundle-parts.js');
    const { texts, entries } = await collect(invocation, PARTS);
    const { anonymiseTexts } = await import('./anonymise-bundle.js');
    const anonymise = invocation.flag('anonymise') === true;
    let kept: ReadonlyMap<string, string>;
    try {
      const manifest = `${JSON.stringify({ anonymised: anonymise, files: entries }, null, 2)}\n`;
      const all = new Map([['MANIFEST.json', manifest], ...texts]);
      kept = anonymise ? anonymiseTexts(all, hostname()) : all;
    } catch (error) {
      throw new CommandError(EXIT.problem, `not anonymised: ${visible((error as Error).message)}`);
    }
    const archive = await packed(kept);
    await writeNewFile(file, archive);
    const missing = entries.filter((entry) => entry.missing !== undefined);
    if (invocation.json) invocation.printJson({ file, bytes: archive.length, anonymised: anonymise, files: entries });
    else {
      invocation.print(
        `${visible(file)}: ${entries.length - missing.length} files`,
        ...missing.map(({ name, missing: why }) => `  without ${name}: ${visible(why ?? '')}`),
      );
    }
    return EXIT.ok;
  },
};

async function collect(
  invocation: Invocation,
  parts: readonly BundlePart[],
): Promise<{ texts: Map<string, string>; entries: Entry[] }> {
  const texts = new Map<string, string>();
  const entries = await Promise.all(
    parts.map(async ({ name, collect: from }): Promise<Entry> => {
      const long = name === 'host.capture' && invocation.flag('capture') === true;
      const milliseconds = long ? CAPTURE_MILLISECONDS : PART_MILLISECONDS;
      const began = performance.now();
      const seconds = () => Math.round(performance.now() - began) / 1_000;
      try {
        const text = await within(from(invocation, milliseconds), milliseconds + 1_000);
        texts.set(name, text);
        return { name, seconds: seconds(), bytes: Buffer.byteLength(text) };
      } catch (error) {
        return { name, seconds: seconds(), missing: (error as Error).message.split('\n')[0] ?? 'unknown' };
      }
    }),
  );
  return { texts, entries };
}

/** What does not come in time is left to itself. */
function within<Value>(promise: Promise<Value>, milliseconds: number): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not there within ${milliseconds / 1_000} s`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function packed(texts: ReadonlyMap<string, string>): Promise<Buffer> {
  const { runChild } = await import('./child.js');
  const folder = await mkdtemp(join(tmpdir(), 'gpu-node-support-'));
  try {
    for (const [name, text] of texts) {
      const path = join(folder, 'gpu-node-support', name);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(path, text, { mode: 0o600 });
    }
    const archive = join(folder, 'bundle.tar.gz');
    const args = ['-C', folder, '-czf', archive, 'gpu-node-support'];
    const { code, err, failure } = await runChild('tar', args, { milliseconds: TAR_MILLISECONDS, mostBytes: 1 << 20 });
    if (code !== 0) throw new CommandError(EXIT.problem, `tar: ${visible(failure ?? err.trim())}`);
    return await readFile(archive);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
