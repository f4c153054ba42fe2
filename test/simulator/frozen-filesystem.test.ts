import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFrozenFilesystem, frozenFilesystemObstacle } from '../../simulator/host/frozen-filesystem.mjs';

const obstacle = frozenFilesystemObstacle();
const moduleUrl = new URL('../../simulator/host/frozen-filesystem.mjs', import.meta.url).href;
const WRITE = 'echo written > "$1"';

let directory: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'frozen-'));
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

function start(command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}

/** Third field of /proc/<pid>/stat; the command name in parentheses may hold blanks. */
function stateOf(pid: number | undefined): string | undefined {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2)[0];
}

function mounted(): boolean {
  return readFileSync('/proc/mounts', 'utf8').includes(join(directory, 'frozen'));
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within 5 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('an obstacle is a sentence that names what is missing, and stops the making', () => {
  if (obstacle === undefined) {
    expect(process.getuid?.()).toBe(0);
  } else {
    expect(obstacle).toMatch(/^a frozen file system needs /);
    expect(() => createFrozenFilesystem(directory)).toThrow(obstacle);
  }
});

describe.skipIf(obstacle !== undefined)('a frozen file system', () => {
  test('a writer sleeps in D, survives SIGKILL, and goes when thawed', async () => {
    const frozen = createFrozenFilesystem(directory);
    try {
      frozen.freeze();
      frozen.freeze();
      const writer = start('sh', ['-c', WRITE, 'sh', frozen.path('gate')]);
      const ended = once(writer, 'exit');
      await until(() => stateOf(writer.pid) === 'D', 'state D');
      expect(readFileSync(`/proc/${writer.pid}/wchan`, 'utf8')).toMatch(/percpu_rwsem_wait|^0$/);
      writer.kill('SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(stateOf(writer.pid)).toBe('D');
      frozen.thaw();
      expect(await ended).toEqual([null, 'SIGKILL']);
    } finally {
      frozen.dispose();
    }
    expect(mounted()).toBe(false);
    expect(existsSync(join(directory, 'frozen.img'))).toBe(false);
  });

  test('before freezing and after thawing a write goes through', async () => {
    const frozen = createFrozenFilesystem(directory);
    try {
      for (const name of ['before', 'after']) {
        const [code] = await once(start('sh', ['-c', WRITE, 'sh', frozen.path(name)]), 'exit');
        expect(code).toBe(0);
        expect(readFileSync(frozen.path(name), 'utf8')).toBe('written\n');
        frozen.freeze();
        frozen.thaw();
      }
    } finally {
      frozen.dispose();
      frozen.dispose();
    }
  });

  test.each(['process.exit(0)', "process.kill(process.pid, 'SIGKILL')"])(
    'an owner that ends by %s leaves nothing frozen or mounted',
    async (ending) => {
      const owner = start(process.execPath, [
        '--input-type=module',
        '-e',
        `const { createFrozenFilesystem } = await import(${JSON.stringify(moduleUrl)});
         createFrozenFilesystem(${JSON.stringify(directory)}).freeze();
         ${ending};`,
      ]);
      await once(owner, 'exit');
      await until(() => !mounted(), 'unmounted');
    },
  );

  test('a second one in the same place outlives the guard of the first', async () => {
    createFrozenFilesystem(directory).dispose();
    const second = createFrozenFilesystem(directory);
    try {
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(mounted()).toBe(true);
    } finally {
      second.dispose();
    }
  });

  test('a directory where it cannot be made is left as it was', () => {
    const frozen = createFrozenFilesystem(directory);
    try {
      expect(() => createFrozenFilesystem(directory)).toThrow(/EEXIST/);
      expect(mounted()).toBe(true);
    } finally {
      frozen.dispose();
    }
  });
});
