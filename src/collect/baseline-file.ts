import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import Type, { type Static } from 'typebox';
import { Check } from 'typebox/value';
import type { BaselineGpu } from '../model/baseline.js';

const FORMAT = 1;

const StoredGpu = Type.Object({
  uuid: Type.String(),
  busId: Type.Optional(Type.String()),
  serial: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
  linkWidthLanes: Type.Optional(Type.Number()),
  linkGenerationMax: Type.Optional(Type.Number()),
  barSizesBytes: Type.Record(Type.String(), Type.Number()),
  nvlinks: Type.Optional(Type.Number()),
  firstSeenUnixSeconds: Type.Number(),
});

const Stored = Type.Object({
  format: Type.Literal(FORMAT),
  /** A simulated node's cards are never missed on a real one. */
  simulated: Type.Boolean(),
  gpus: Type.Array(StoredGpu),
});

/** Where a baseline is kept below the directory of `--path.state`. */
export function baselinePath(stateDirectory: string): string {
  return join(stateDirectory, 'baseline.json');
}

/** What was found where a baseline should be. */
export interface Found {
  readonly gpus: readonly BaselineGpu[];
  /** What is wrong with the file, and where it was put; undefined when nothing is. */
  readonly damaged: string | undefined;
}

const NOTHING: Found = { gpus: [], damaged: undefined };

/**
 * Reads the baseline of this kind of node, real or simulated. A file that is none is moved aside, never overwritten:
 * somebody may want to look at it. Throws when the directory cannot be read or the file not be moved.
 */
export async function readBaseline(path: string, simulated: boolean): Promise<Found> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return NOTHING;
    throw error;
  }
  const stored = parsed(text);
  if (stored !== undefined)
    return stored.simulated === simulated ? { ...NOTHING, gpus: stored.gpus.map(read) } : NOTHING;
  const aside = `${path}.damaged`;
  await rename(path, aside);
  return { ...NOTHING, damaged: `${path} was not a baseline of format ${FORMAT}; it is ${aside} now` };
}

function parsed(text: string): Static<typeof Stored> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Check(Stored, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function read(gpu: Static<typeof StoredGpu>): BaselineGpu {
  const { uuid, busId, serial, name, linkWidthLanes, linkGenerationMax, barSizesBytes, nvlinks } = gpu;
  const { firstSeenUnixSeconds } = gpu;
  return {
    uuid,
    busId,
    serial,
    name,
    linkWidthLanes,
    linkGenerationMax,
    barSizesBytes,
    nvlinks,
    firstSeenUnixSeconds,
  };
}

/**
 * Writes it whole or not at all: a new file, made durable, takes the place of the old one. A simulated node makes no
 * directory for it: nothing of it stays on the host unless there is a place.
 */
export async function writeBaseline(path: string, gpus: readonly BaselineGpu[], simulated: boolean): Promise<void> {
  if (!simulated) await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  const next = `${path}.new`;
  const file = await open(next, 'w', 0o644);
  try {
    await file.writeFile(`${JSON.stringify({ format: FORMAT, simulated, gpus }, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(next, path);
}
