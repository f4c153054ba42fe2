import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

/** The program as it is shipped: what would hang here must not hang the test's own process. */
const program = fileURLToPath(new URL('../../dist/gpu-node-agent.mjs', import.meta.url));

const directory = mkdtempSync(join(tmpdir(), 'gna-config-file-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function help(path: string) {
  const argv = [program, 'help', `--config.file=${path}`];
  return spawnSync(process.execPath, argv, { encoding: 'utf8', timeout: 10_000, killSignal: 'SIGKILL' });
}

describe('a configuration file that is none is refused, and nothing waits for it', () => {
  it('a pipe nobody writes to', () => {
    const path = join(directory, 'pipe');
    execFileSync('mkfifo', [path]);
    const { status, stderr } = help(path);
    expect([status, stderr]).toEqual([
      2,
      `gpu-node-agent: --config.file: expected a regular file; "${path}" is something else.\n`,
    ]);
  });

  it.each(['/dev/zero', '/'])('%s', (path) => {
    const { status, stderr } = help(path);
    expect([status, stderr]).toEqual([
      2,
      `gpu-node-agent: --config.file: expected a regular file; "${path}" is something else.\n`,
    ]);
  });

  it('a file that is too long', () => {
    const path = join(directory, 'long.yaml');
    writeFileSync(path, `web:\n  # ${'x'.repeat(1 << 20)}\n`);
    const { status, stderr } = help(path);
    expect([status, stderr]).toEqual([
      2,
      `gpu-node-agent: --config.file: expected at most 1 MiB; "${path}" is longer.\n`,
    ]);
  });

  it('but one of exactly 1 MiB is read', () => {
    const path = join(directory, 'longest.yaml');
    writeFileSync(path, 'web:\n  max-requests: 3\n#'.padEnd(1 << 20, 'x'));
    expect(help(path).status).toBe(0);
  });
});
