import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silenceFolder, silentFolderObstacle } from '../../simulator/host/silent-folder.mjs';

const obstacle = silentFolderObstacle();

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'silent-')), 'folder');
  mkdirSync(folder);
  writeFileSync(join(folder, 'inside'), '');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

test('what cannot be silenced says what is missing', async () => {
  if (obstacle === undefined)
    await expect(silenceFolder(join(folder, 'absent'))).rejects.toThrow('could not be silenced');
  else await expect(silenceFolder(folder)).rejects.toThrow(obstacle);
});

test.skipIf(obstacle !== undefined)(
  'who lists a silent folder sleeps until killed or let go, and it is as before then',
  async () => {
    const silent = await silenceFolder(folder);
    const listers = [1, 2].map(() => spawn('ls', [folder], { stdio: 'ignore' }));
    const ends = listers.map((child) => once(child, 'exit'));
    try {
      for (const { pid } of listers) {
        await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/wchan`, 'utf8')).toMatch(/fuse|request_wait/), 10_000);
      }
      listers[0]?.kill('SIGKILL');
      expect(await ends[0]).toEqual([null, 'SIGKILL']);
      expect(listers[1]?.exitCode).toBeNull();
    } finally {
      silent.dispose();
      silent.dispose();
    }
    const [code] = await (ends[1] as Promise<[number | null]>);
    expect(code).toBeGreaterThan(0);
    expect(readdirSync(folder)).toEqual(['inside']);
  },
);
