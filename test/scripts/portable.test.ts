import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addonPath, prebuilt, samplerPath } from '../../scripts/layout.mjs';
import { checkContents } from '../../scripts/package/contents.mjs';
import { assertExports, assertPortable } from '../../scripts/portable/glibc.mjs';
import { prebuildAddon } from '../../scripts/prebuild/addon.mjs';
import { assertResolved } from '../../scripts/prebuild/resolved.mjs';
import { EXPECTED_ABI } from '../../src/native/load-addon.js';

/** This machine's own builds stand in: they are not portable, and the checks must see that. */

describe('what a file asks of its host', () => {
  it('is refused when it needs a newer glibc than was promised', async () => {
    await expect(assertPortable(samplerPath, [2, 2])).rejects.toThrow(/needs GLIBC_2\.\d+, at most 2\.2 was promised/);
    await expect(assertPortable(samplerPath, [99, 0])).resolves.toBeUndefined();
  });

  it('is refused when it needs a C++ runtime that not every host has', async () => {
    await expect(assertPortable(addonPath, [99, 0])).rejects.toThrow(/needs .*libstdc\+\+\.so\.6/);
  });
});

describe('what an addon shows', () => {
  it('is refused when it is more than allowed, and when it is nothing', async () => {
    await expect(assertExports(addonPath, /^napi_/)).rejects.toThrow(/exports \d+ names too many: /);
    await expect(assertExports(samplerPath, /./)).rejects.toThrow('exports nothing');
  });
});

describe('the package', () => {
  const whole = [
    'package.json',
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
    'dist/gpu-node-agent.mjs',
    'dist/gpu-node-agent.mjs.map',
    'dist/THIRD-PARTY-NOTICES.txt',
    'prebuilds/linux-x64/gpu-node-agent.glibc.node',
    'prebuilds/linux-x64/gpu-node-sampler',
    'prebuilds/linux-arm64/gpu-node-agent.glibc.node',
    'prebuilds/linux-arm64/gpu-node-sampler',
  ];

  it('is complete with both architectures, and may bring the sources of the native half', () => {
    expect(() =>
      checkContents([...whole, 'dist/chunk-AB12.mjs', 'binding.gyp', 'native/Makefile', 'deploy/kubernetes/x.yaml']),
    ).not.toThrow();
  });

  it.each(whole)('is refused without %s', (path) => {
    expect(() => checkContents(whole.filter((other) => other !== path))).toThrow(`the package lacks ${path}`);
  });

  it.each(['simulator/node.mjs', 'out/simulator/580/libnvidia-ml.so.1', 'prebuilds/linux-x64/libnvidia-ml.so.1'])(
    'is refused with %s',
    (path) => {
      expect(() => checkContents([...whole, path])).toThrow(`the package holds ${path}`);
    },
  );
});

describe('a folder of prebuilt addons', () => {
  let tree: string;
  beforeEach(() => {
    tree = mkdtempSync(join(tmpdir(), 'gna-prebuilds-'));
  });
  afterEach(() => rmSync(tree, { recursive: true, force: true }));

  it('is what node-gyp-build takes, as prebuildify lays it out', async () => {
    // What node-gyp would leave: compiling it once more shows nothing of the layout.
    const nodeGyp = join(tree, 'node-gyp');
    writeFileSync(nodeGyp, `#!/bin/sh\nmkdir -p build/Release && cp '${addonPath}' build/Release/\n`, { mode: 0o755 });
    const addon = await prebuildAddon(tree, { folder: join(tree, 'work'), nodeGyp });
    await assertResolved(tree, process.arch);
    expect((createRequire(import.meta.url)(addon) as { abi: number }).abi).toBe(EXPECTED_ABI);
  });

  it.each(['x64', 'arm64'])(
    'is what node-gyp-build takes, as the portable builds are laid out, for %s',
    async (arch) => {
      for (const each of ['x64', 'arm64']) {
        const { folder, addon, sampler } = prebuilt(tree, each);
        mkdirSync(folder, { recursive: true });
        copyFileSync(addonPath, addon);
        copyFileSync(samplerPath, sampler);
      }
      await expect(assertResolved(tree, arch)).resolves.toBeUndefined();
    },
  );

  it('is refused when node-gyp-build would take another file, and when it finds none', async () => {
    const { folder, addon } = prebuilt(tree, 'arm64');
    await expect(assertResolved(tree, 'arm64')).rejects.toThrow(/looking up the addon for arm64/);
    mkdirSync(folder, { recursive: true });
    copyFileSync(addonPath, addon);
    renameSync(addon, join(folder, 'gpu-node-agent.node'));
    await expect(assertResolved(tree, 'arm64')).rejects.toThrow('gpu-node-agent.node for arm64, not ');
  });
});
