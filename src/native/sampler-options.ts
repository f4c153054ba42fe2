import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './package-root.js';

/** The settings a sampler is started with; the agent's configuration fits. Durations are seconds. */
export interface SamplerSettings {
  readonly nvml: { readonly library?: string | undefined; readonly driverRoots: readonly string[] };
  readonly sampler: {
    readonly path?: string | undefined;
    readonly intervalSeconds: number;
    readonly deadlineAttachSeconds: number;
    readonly deadlineFastSeconds: number;
    readonly deadlineSlowSeconds: number;
  };
  readonly collector: { readonly hami: boolean; readonly nvlinkLinks: boolean; readonly topology: boolean };
  readonly path: {
    readonly sysfs: string;
    readonly procfs: string;
    readonly rootfs: string;
    readonly hami: readonly string[];
  };
  readonly clock: { readonly file?: string | undefined };
}

const milliseconds = (seconds: number) => Math.round(seconds * 1000);

/** The sampler's flags for these settings, without the exclusion, which changes from one sampler to the next. */
export function samplerFlags(config: SamplerSettings): string[] {
  const { nvml, sampler, collector, path, clock } = config;
  return [
    ...(nvml.library === undefined ? [] : [`--nvml.library=${nvml.library}`]),
    `--path.procfs=${path.procfs}`,
    `--path.sysfs=${path.sysfs}`,
    ...nvml.driverRoots.map((root) => `--nvml.driver-root=${root}`),
    `--interval-ms=${milliseconds(sampler.intervalSeconds)}`,
    `--deadline-attach-ms=${milliseconds(sampler.deadlineAttachSeconds)}`,
    `--deadline-fast-ms=${milliseconds(sampler.deadlineFastSeconds)}`,
    `--deadline-slow-ms=${milliseconds(sampler.deadlineSlowSeconds)}`,
    ...(collector.hami
      ? [`--path.rootfs=${path.rootfs}`, ...path.hami.map((root) => `--hami.root=${root}`)]
      : ['--no-hami']),
    ...(collector.nvlinkLinks ? ['--nvlink-links'] : []),
    ...(collector.topology ? ['--topology'] : []),
    ...(clock.file === undefined ? [] : [`--clock.file=${clock.file}`]),
  ];
}

/**
 * The sampler's executable: the configured one, else the package's. Throws when it is nowhere, and says where it was
 * looked for.
 */
export function samplerPath(config: SamplerSettings): string {
  if (config.sampler.path !== undefined) return config.sampler.path;
  const root = packageRoot();
  const places = [
    join(root, 'out', 'native', 'gpu-node-sampler'),
    join(root, 'prebuilds', `linux-${process.arch}`, 'gpu-node-sampler'),
  ];
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw new Error(
    `gpu-node-sampler is in none of ${places.join(', ')}; build it (npm run build) or name it with --sampler.path`,
  );
}
