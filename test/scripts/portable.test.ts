import { describe, expect, it } from 'vitest';
import { addonPath, samplerPath } from '../../scripts/layout.mjs';
import { checkContents } from '../../scripts/package/contents.mjs';
import { assertExports, assertPortable } from '../../scripts/portable/glibc.mjs';

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
    expect(() => checkContents([...whole, 'binding.gyp', 'native/Makefile', 'deploy/kubernetes/x.yaml'])).not.toThrow();
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
