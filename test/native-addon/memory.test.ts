import { describe, expect, it } from 'vitest';
import { runChild } from './child.js';

const NOTHING = { code: 0, signal: null };

/** In a child with `addon`: how many heaps the C library has, by asking for memory on that many threads of ours at once. */
const COUNT_HEAPS = `
  const fs = require('node:fs');
  // A heap of a thread is 64 MiB of address space, of which the part in use may be read and written and the rest may not.
  const heaps = () => {
    const maps = fs.readFileSync('/proc/self/maps', 'latin1').trim().split('\\n').map((line) => {
      const [, from, to, rights] = /^(\\w+)-(\\w+) (\\S+)/.exec(line);
      return { from: parseInt(from, 16), to: parseInt(to, 16), rights };
    });
    const size = 64 * 1024 * 1024;
    return maps.filter(({ from, to, rights }, at) => {
      const rest = maps[at + 1];
      return rights === 'rw-p' && from % size === 0 && rest?.rights === '---p' && rest.from === to && rest.to === from + size;
    }).length;
  };
  const engines = (count) => Array.from({ length: count }, () =>
    addon.startEngine(['--nvml.library=/nonexistent/libnvidia-ml.so.1', '--no-hami', '--interval-ms=100']));
  const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
`;

describe('limitArenas', () => {
  it.each([
    ['without it threads begin heaps of their own', '', 'more'],
    ['with it further threads share those there are', 'addon.limitArenas(1);', 'as many'],
  ])('%s', async (_, before, expected) => {
    const ended = await runChild(`${COUNT_HEAPS}
      (async () => {
        ${before}
        const had = heaps();
        engines(3);
        await later(300);
        console.log(heaps() > had ? 'more' : 'as many');
        process.exit(0);
      })();
    `);
    expect(ended).toMatchObject({ ...NOTHING, out: `${expected}\n` });
  });

  it('says whether there is such a limit', async () => {
    expect(await runChild('console.log(addon.limitArenas(1), addon.limitArenas(1024))')).toMatchObject({
      ...NOTHING,
      out: 'true true\n',
    });
  });

  it.each(['0', '1025', '1.5', "'1'", 'undefined'])('refuses %s', async (count) => {
    const ended = await runChild(
      `try { addon.limitArenas(${count}); } catch (error) { console.log(error.code, error.message); }`,
    );
    expect(ended).toMatchObject({ ...NOTHING, out: expect.stringMatching(/^ERR_\w+ .*count/) });
  });
});

describe('returnFreeMemory', () => {
  it('gives what was freed back to the kernel', async () => {
    const text = `
      const { readFileSync } = require('node:fs');
      const anonymousKiB = () => Number(/^RssAnon:\\s+(\\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))[1]);
      // 64 MiB in blocks below the size from which the C library asks the kernel for each. Every second one stays, so
      // that what is freed lies between blocks in use and is not given back by itself.
      let blocks = Array.from({ length: 2_000 }, () => Buffer.allocUnsafeSlow(32 * 1024).fill(1));
      blocks = blocks.filter((_, at) => at % 2 === 0);
      // In a round of its own, when no register points to the blocks any more; they are freed on another thread.
      setTimeout(collect, 50);
      setTimeout(() => {
        const before = anonymousKiB();
        const any = addon.returnFreeMemory();
        console.log(any, before - anonymousKiB() > 16 * 1024, blocks.length);
      }, 500);
    `;
    const collect =
      "require('node:v8').setFlagsFromString('--expose-gc'); const collect = require('node:vm').runInNewContext('gc');\n";
    expect(await runChild(text, 10, collect)).toMatchObject({ ...NOTHING, out: 'true true 1000\n' });
  });
});
