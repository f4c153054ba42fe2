/** Readings of GPM that a whole GPU and a MIG instance both have, under the same ids. */

/** Lines that older drivers do not have, to follow what their family needs (nvml.md §8). */
export const TENSOR_SINCE = 'pipe dmma: drivers 595 and newer';
export const ENGINES_SINCE = 'nvofa 1: drivers 560 and newer; nvenc: drivers 575 and newer';

/** Tensor pipes by label value, without the sum of them. */
export const TENSOR_PIPES = {
  dfma: 'tensor_dfma_activity_ratio',
  dmma: 'tensor_dmma_activity_ratio',
  hmma: 'tensor_hmma_activity_ratio',
  imma: 'tensor_imma_activity_ratio',
} as const;

/** Arithmetic pipes by label value. */
export const PIPES = {
  fp16: 'pipe_fp16_activity_ratio',
  fp32: 'pipe_fp32_activity_ratio',
  fp64: 'pipe_fp64_activity_ratio',
  int: 'pipe_int_activity_ratio',
} as const;

type Index = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;
type Engine = 'nvdec' | 'nvjpg' | 'nvofa' | 'nvenc';

/** As many of each as GPM has metrics for (nvml.md §8). */
const COUNTS: Readonly<Record<Engine, number>> = { nvdec: 8, nvenc: 4, nvjpg: 8, nvofa: 2 };

type EngineId =
  | `nvdec_${Index}_activity_ratio`
  | `nvjpg_${Index}_activity_ratio`
  | `nvofa_${0 | 1}_activity_ratio`
  | `nvenc_${0 | 1 | 2 | 3}_activity_ratio`;

/** Media engines: labels and reading of each. */
export const ENGINES: readonly (readonly [labels: { engine: Engine; index: number }, id: EngineId])[] = (
  Object.entries(COUNTS) as readonly [Engine, number][]
).flatMap(([engine, count]) =>
  Array.from(
    { length: count },
    (_, index) => [{ engine, index }, `${engine}_${index}_activity_ratio` as EngineId] as const,
  ),
);
