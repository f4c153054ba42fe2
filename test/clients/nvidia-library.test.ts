import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { client } from './tools.ts';

/** The other way round: our sampler on NVIDIA's own libraries, on a machine without the driver's module. */

const sampler = join(import.meta.dirname, '../../out/native/gpu-node-sampler');
const hasDriver = existsSync('/proc/driver/nvidia/version');

describe.skipIf(hasDriver).each(['libnvidia-ml 535', 'libnvidia-ml 470'])('NVIDIA’s %s', (name) => {
  const library = client(name);

  test.skipIf(library === '')('is loaded, and says that there is no driver', () => {
    const { status, stdout } = spawnSync(
      sampler,
      ['--once', '--json', '--deadline', '20000', `--nvml.library=${library}`],
      { encoding: 'utf8', timeout: 60_000 },
    );
    // Nothing could be read, and that is told by the status as well.
    expect(status).toBe(3);
    const { driver, gpus } = JSON.parse(stdout);
    expect(driver).toMatchObject({
      initialized: false,
      state: 'not_loaded',
      code: 9,
      library_path: library,
      library_version: basename(library).replace('libnvidia-ml.so.', ''),
      symbols_foreign: 0,
    });
    // Functions that came later than it.
    expect(driver.symbols_missing).toBeGreaterThan(0);
    expect(gpus).toEqual([]);
  });
});
