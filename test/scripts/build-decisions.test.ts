import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { matchesInstalled } from '../../scripts/build/dependencies.mjs';
import { findNodeHeaders, headersVersion } from '../../scripts/build/node-headers.mjs';
import { forbiddenImports } from '../../scripts/checks/rooms.mjs';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gpu-node-agent-scripts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('whether packages are installed', () => {
  const lock = (packages: object) => JSON.stringify({ packages });
  const wanted = lock({
    '': { version: '0.1.0' },
    'node_modules/a': { version: '1.0.0' },
    'node_modules/a-win32': { version: '1.0.0', optional: true },
  });

  test('the same versions, without packages of other platforms', () => {
    expect(matchesInstalled(wanted, lock({ 'node_modules/a': { version: '1.0.0' } }))).toBe(true);
  });

  test('another version, a missing package, nothing installed', () => {
    expect(matchesInstalled(wanted, lock({ 'node_modules/a': { version: '1.0.1' } }))).toBe(false);
    expect(matchesInstalled(wanted, lock({}))).toBe(false);
    expect(matchesInstalled(wanted, undefined)).toBe(false);
  });
});

describe("Node's headers", () => {
  test('those of the running Node are found here', () => {
    const { directory, tried } = findNodeHeaders();
    expect(directory, tried.join('\n')).toBeDefined();
  });

  test('an installation and a source tree tell their version, an incomplete one none', () => {
    const text = '#define NODE_MAJOR_VERSION 24\n#define NODE_MINOR_VERSION 1\n#define NODE_PATCH_VERSION 0\n';
    expect(headersVersion(folder)).toBeUndefined();
    mkdirSync(join(folder, 'include', 'node'), { recursive: true });
    writeFileSync(join(folder, 'include', 'node', 'node_version.h'), text);
    expect(headersVersion(folder)).toBeUndefined();
    writeFileSync(join(folder, 'include', 'node', 'common.gypi'), '{}');
    expect(headersVersion(folder)).toBe('24.1.0');
  });
});

describe('imports between rooms', () => {
  test('outputs do not reach into each other, and the model reaches nowhere', () => {
    expect(forbiddenImports('src/http/app.ts', "import { x } from '../metrics/catalogue.js';")).toHaveLength(1);
    expect(forbiddenImports('src/web/page.ts', "import { x } from '../http/app.js';")).toHaveLength(1);
    expect(forbiddenImports('src/model/gpu.ts', "import type { x } from '../native/addon.js';")).toHaveLength(1);
    expect(forbiddenImports('src/collect/join.ts', "await import('../../simulator/host/tree.mjs');")).toHaveLength(1);
  });

  test('the one direction is free, and so are generated tables', () => {
    expect(forbiddenImports('src/http/app.ts', "import { x } from '../model/gpu.js';")).toEqual([]);
    expect(forbiddenImports('src/model/readings.ts', "import { R } from '../native/readings.generated.js';")).toEqual(
      [],
    );
    expect(forbiddenImports('src/web/page.ts', "import type { N } from '../http/documents/node.js';")).toEqual([]);
    expect(forbiddenImports('src/http/app.ts', "import { AGENT_VERSION } from '../version.js';")).toEqual([]);
    expect(forbiddenImports('src/cli/main.ts', "import { x } from '../http/app.js';")).toEqual([]);
  });
});

describe('running a program', () => {
  // In a process of its own: the time limit kills a process group.
  const run = (code: string) =>
    JSON.parse(
      execFileSync(process.execPath, [
        '--input-type=module',
        '-e',
        `import { runChild } from '${new URL('../../scripts/child.mjs', import.meta.url)}';
         console.log(JSON.stringify(await (${code})()));`,
      ]).toString(),
    );

  test('status, output, a signal as 128 and more, a missing program as 127', () => {
    expect(run(`() => runChild('sh', ['-c', 'echo out; echo err >&2; exit 3'])`)).toMatchObject({
      code: 3,
      stdout: 'out\n',
    });
    expect(run(`() => runChild('sh', ['-c', 'kill -TERM $$'])`)).toMatchObject({ code: 143 });
    expect(run(`() => runChild('no-such-program', [])`)).toMatchObject({ code: 127 });
  });

  test('a time limit ends the program and what it started', () => {
    const result = run(`() => runChild('sh', ['-c', 'sleep 60 & sleep 60; wait'], { timeoutSeconds: 0.2 })`);
    expect(result).toMatchObject({ timedOut: true, code: 137 });
  });
});
