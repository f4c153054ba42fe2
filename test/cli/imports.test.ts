import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const src = fileURLToPath(new URL('../../src', import.meta.url));
const IMPORT = /(?:^|[^.\w])(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|import\(\s*'([^']+)'\s*\)/gm;

interface Edge {
  readonly target: string;
  readonly dynamic: boolean;
}

/** What a source file loads, types left out. */
function loadedBy(file: string): Edge[] {
  return [...readFileSync(file, 'utf8').matchAll(IMPORT)]
    .filter(([, type]) => type === undefined)
    .map(([, , fixed, late]) => ({ target: (fixed ?? late) as string, dynamic: late !== undefined }));
}

/** Everything reachable from a file: source files by path below src, packages by name. */
function reachable(entry: string, follow: (edge: Edge, from: string) => boolean): Map<string, string> {
  const seen = new Map<string, string>([[entry, '']]);
  for (const file of seen.keys()) {
    if (!file.startsWith(src)) continue;
    for (const edge of loadedBy(file)) {
      if (!follow(edge, file)) continue;
      const local = join(dirname(file), edge.target).replace(/\.js$/, '.ts');
      const target = edge.target.startsWith('.') ? (existsSync(local) ? local : undefined) : edge.target;
      if (target !== undefined && !seen.has(target)) seen.set(target, file);
    }
  }
  return seen;
}

describe('what starts processes stays out of the service', () => {
  const everything = reachable(join(src, 'cli', 'main.ts'), () => true);

  it('the search finds what it has to find', () => {
    expect(everything.has('systeminformation')).toBe(true);
    expect(everything.has('fastify')).toBe(true);
    expect(everything.has(join(src, 'agent.ts'))).toBe(true);
  });

  it('systeminformation is loaded by one file, and that one only when asked for', () => {
    const users = [...everything.keys()].filter(
      (file) => file.startsWith(src) && loadedBy(file).some(({ target }) => target === 'systeminformation'),
    );
    expect(users.map((file) => relative(src, file))).toEqual(['cli/host-facts.ts']);
    const loaders = [...everything.keys()]
      .filter((file) => file.startsWith(src))
      .flatMap((file) =>
        loadedBy(file)
          .filter(({ target }) => target.endsWith('/host-facts.js'))
          .map(({ dynamic }) => `${relative(src, file)} ${dynamic ? 'when asked for' : 'always'}`),
      );
    expect(loaders).toEqual(['cli/version.ts when asked for']);
  });

  it('neither it nor child_process is reachable from serve, lazily loaded parts included', () => {
    const serve = reachable(join(src, 'cli', 'serve.ts'), () => true);
    const agent = reachable(join(src, 'agent.ts'), () => true);
    for (const name of ['systeminformation', 'node:child_process', 'child_process']) {
      expect(serve.has(name), `serve reaches ${name}`).toBe(false);
      expect(agent.has(name), `the agent reaches ${name}`).toBe(false);
    }
    expect(serve.size).toBeGreaterThan(20);
    expect(agent.size).toBeGreaterThan(20);
  });
});
