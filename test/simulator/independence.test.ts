import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findSharing } from '../../simulator/check-independence.mjs';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'independence-'));
  put('simulator/nvml/abi.h', '#pragma once\n');
  put('native/core/nvml/abi.h', '#pragma once\n');
  put('native/core/nvml/lane.h', '#pragma once\n');
  put('src/model/gpu.ts', 'export {};\n');
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

test('this repository shares nothing', () => {
  const { findings, compared } = findSharing(resolve(import.meta.dirname, '../..'));
  expect(findings).toEqual([]);
  expect(compared.simulator).toBeGreaterThan(10);
  expect(compared.product).toBeGreaterThan(10);
});

describe('a crossing is found', () => {
  test.each([
    [
      'simulator/node.mjs',
      "import { x } from '../src/model/gpu.ts';\n",
      'simulator/node.mjs: imports ../src/model/gpu.ts',
    ],
    ['simulator/node.mjs', "await import('../native/x.mjs');\n", 'simulator/node.mjs: imports ../native/x.mjs'],
    ['src/a.ts', "new URL('../simulator/state.mjs', import.meta.url);\n", 'src/a.ts: imports ../simulator/state.mjs'],
    [
      'simulator/nvml/a.cpp',
      '#include "../../native/core/nvml/lane.h"\n',
      'simulator/nvml/a.cpp: includes ../../native/core/nvml/lane.h',
    ],
    ['simulator/nvml/a.cpp', '# include <nvml/lane.h>\n', 'simulator/nvml/a.cpp: includes nvml/lane.h'],
    [
      'simulator/nvml/Makefile',
      'lib.so: ../../native/core/a.cpp\n',
      'simulator/nvml/Makefile:1: builds from ../../native/core/a.cpp',
    ],
    ['native/Makefile', 'CXXFLAGS += -I../simulator/nvml\n', 'native/Makefile:1: builds from ../simulator/nvml'],
    ['native/Makefile', 'X = $(TOP)/simulator/a.cpp\n', 'native/Makefile:1: builds from $(TOP)/simulator/a.cpp'],
    [
      'native/Makefile',
      'CXXFLAGS += -I../simulator/nvml\nX = ../simulator/nvml/a.cpp\n',
      'native/Makefile:2: builds from ../simulator/nvml/a.cpp',
    ],
  ])('%s with %j', (path, text, finding) => {
    put(path, text);
    expect(findSharing(root).findings).toContain(finding);
  });

  test('two files that differ in white space only', () => {
    const table = 'struct Memory { unsigned version; unsigned long long total, reserved, free, used; };';
    put('simulator/nvml/memory.h', `${table}\n`);
    put('native/core/memory.h', `  ${table.replaceAll(' ', '  ')}\n\n`);
    expect(findSharing(root).findings).toEqual(['simulator/nvml/memory.h: same content as native/core/memory.h']);
  });
});

test('what stays on its side is no finding', () => {
  put('simulator/nvml/a.cpp', '#include "abi.h"\n#include <nvml/abi.h>\n#include <vector>\n');
  put('simulator/nvml/Makefile', '# unlike ../../native/core\nlib.so: ../state/a.cpp\n');
  put('simulator/bin/tool.mjs', "import { x } from '../node.mjs';\nimport y from 'yaml';\n");
  expect(findSharing(root).findings).toEqual([]);
});
