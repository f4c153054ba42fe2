import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findNodeHeaders } from '../../scripts/build/node-headers.mjs';
import { copyBundle, inRoot, prebuilt } from '../../scripts/layout.mjs';
import type { Addon } from '../../src/native/addon.js';
import { EXPECTED_ABI } from '../../src/native/load-addon.js';
import { ADDON } from './child.js';

it('of the addon is the one this half expects', () => {
  const addon = createRequire(import.meta.url)(ADDON) as Addon;
  expect(addon.abi).toBe(EXPECTED_ABI);
});

describe('an addon of another build', () => {
  let tree: string;
  beforeEach(() => {
    tree = mkdtempSync(join(tmpdir(), 'gna-other-addon-'));
  });
  afterEach(() => rmSync(tree, { recursive: true, force: true }));

  /** An installation whose addon says nothing but its interface version. */
  function install(abi: number): void {
    const { directory } = findNodeHeaders();
    const source = join(tree, 'addon.c');
    writeFileSync(
      source,
      `#define NAPI_VERSION 8
#include <node_api.h>
NAPI_MODULE_INIT() {
  napi_value number;
  napi_create_int32(env, ${abi}, &number);
  napi_set_named_property(env, exports, "abi", number);
  return exports;
}
`,
    );
    const { folder, addon } = prebuilt(tree, process.arch);
    mkdirSync(folder, { recursive: true });
    execFileSync('gcc', ['-shared', '-fPIC', `-I${directory}/include/node`, '-o', addon, source]);
    copyBundle(tree);
    copyFileSync(inRoot('package.json'), join(tree, 'package.json'));
    const loader = join('node_modules', 'node-gyp-build');
    cpSync(inRoot(loader), join(tree, loader), { recursive: true });
  }

  it.each([EXPECTED_ABI - 1, EXPECTED_ABI + 1])('with interface version %i is refused with words', (abi) => {
    install(abi);
    const program = join(tree, 'dist', 'gpu-node-agent.mjs');
    const flags = [`--path.run=${tree}`, '--web.listen-address=127.0.0.1:0'];
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'serve', ...flags], {
      encoding: 'utf8',
      timeout: 10_000,
    });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(
      `it has interface version ${abi}, this agent needs ${EXPECTED_ABI}: the two are of different builds`,
    );
    expect(stderr).toContain('gpu-node-agent.glibc.node');
    expect(stderr).toContain('next step: ');
  });
});
