import type { Config } from '../config/config.js';
import { samplerFlags, samplerPath } from '../native/sampler-options.js';
import { AGENT_VERSION } from '../version.js';
import { type CaptureLine, parseCapture } from './capture-lines.js';
import { runChild } from './child.js';

const MOST_BYTES = 300 * 1024 * 1024;
/** The sampler ends with what it has so long before it would be ended. */
const SPARE_MILLISECONDS = 3_000;

export interface Recorded {
  readonly lines: readonly CaptureLine[];
  /** Everything that should be asked was. */
  readonly complete: boolean;
  /** A driver answered. */
  readonly driver: boolean;
}

/**
 * Has the sampler record this host; a driver that hangs costs what it was asked, and never more than the time. `files`:
 * only what the host's files say, without touching the driver. Throws when nothing could be recorded, and says why.
 */
export async function recordHost(
  config: Config,
  options: { readonly milliseconds: number; readonly filesOnly?: boolean; readonly progress?: (text: string) => void },
): Promise<Recorded> {
  const { milliseconds, filesOnly = false, progress } = options;
  const args = [
    '--capture=-',
    `--deadline=${Math.max(100, milliseconds - SPARE_MILLISECONDS)}`,
    `--path.dev=${config.path.dev}`,
    ...(filesOnly ? ['--exclude=all'] : []),
    ...samplerFlags(config),
  ];
  const child = await runChild(samplerPath(config), args, {
    milliseconds,
    mostBytes: MOST_BYTES,
    ...(progress === undefined ? {} : { progress }),
  });
  if (child.out === '') throw new Error(child.failure ?? (child.err.trim() || `the sampler ended with ${child.code}`));
  const lines = parseCapture(child.out);
  lines.splice(1, 0, {
    record: 'agent',
    version: AGENT_VERSION,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  });
  const init = lines.filter(({ function: name }) => String(name).startsWith('nvmlInit'));
  return {
    lines,
    complete: lines.at(-1)?.record === 'end' && lines.at(-1)?.complete === true,
    driver: init.some(({ code }) => code === 0),
  };
}
