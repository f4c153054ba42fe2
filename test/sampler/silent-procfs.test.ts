import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNode } from '../../simulator/node.mjs';

/**
 * /proc/driver/nvidia/gpus that does not answer: the kernel module behind it may hang as any driver call may. A library
 * in front of the C library sleeps in its place.
 */

const folder = mkdtempSync(join(tmpdir(), 'gna-procfs-'));
const trap = join(folder, 'trap.so');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TRAP = `
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void sleepAt(const char* path) {
  const char* end = getenv("TRAP_END");
  const size_t length = strlen(path), wanted = end ? strlen(end) : 0;
  if (wanted && length >= wanted && !strcmp(path + length - wanted, end)) for (;;) pause();
}
extern "C" void* opendir(const char* path) {
  sleepAt(path);
  return ((void* (*)(const char*))dlsym(RTLD_NEXT, "opendir"))(path);
}
extern "C" int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const int mode = flags & O_CREAT ? va_arg(more, int) : 0;
  va_end(more);
  sleepAt(path);
  return ((int (*)(const char*, int, ...))dlsym(RTLD_NEXT, "open"))(path, flags, mode);
}
`;

beforeAll(() => {
  writeFileSync(join(folder, 'trap.cpp'), TRAP);
  execFileSync('g++', ['-shared', '-fPIC', '-o', trap, join(folder, 'trap.cpp'), '-ldl']);
}, 60_000);

interface Report {
  readonly in_flight: readonly { readonly function: string; readonly verdict: string; readonly gpu_index?: number }[];
}

/** What the sampler says when everything at a path with this end sleeps. */
function reportOf(end: string, ...flags: string[]): Report {
  const node = createNode(join(folder, `node-${end.replaceAll('/', '-')}`), { scenario: 't4-hami', seed: 7 });
  const ended = spawnSync(
    fileURLToPath(new URL('../../out/native/gpu-node-sampler', import.meta.url)),
    [
      ...['--once', '--json', '--deadline=2500', '--deadline-slow-ms=800'],
      ...node.flags().filter((flag) => /^--(nvml.library|clock.file|path.procfs)=/.test(flag)),
      ...flags,
    ],
    { encoding: 'utf8', timeout: 10_000, env: { LD_PRELOAD: trap, TRAP_END: end } },
  );
  return JSON.parse(ended.stdout);
}

describe('a list of the driver’s GPUs that does not answer', () => {
  test('is named like a driver call that is stuck', () => {
    expect(reportOf('/driver/nvidia/gpus').in_flight).toMatchObject([
      { function: 'read /proc/driver/nvidia/gpus', verdict: 'stuck' },
    ]);
  });

  test('is named when a GPU’s file is what does not answer', () => {
    expect(reportOf('/information', '--exclude=GPU-unseen').in_flight).toMatchObject([
      { function: 'read /proc/driver/nvidia/gpus', verdict: 'stuck' },
    ]);
  });
});
