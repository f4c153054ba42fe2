import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { AGENT_VERSION } from '../../src/version.js';
import { runningState } from '../http/node-states.js';
import { runCommand } from './surroundings.js';

const run = mkdtempSync(join(tmpdir(), 'gna-program-'));
afterAll(() => rmSync(run, { recursive: true, force: true }));
const alone = [`--path.run=${run}`, '--web.listen-address=127.0.0.1:0'];

describe('wrong use ends with 2 and says what was expected', () => {
  it.each([
    [['stauts'], '"stauts" is no command. Did you mean status?'],
    [['--json'], 'expected a command before --json. gpu-node-agent help lists them.'],
    [['status', 'extra'], 'status: expected no operand; got "extra".'],
    [['holders'], 'holders: expected <gpu>; got nothing.'],
    [['holders', '0', '1'], 'holders: expected <gpu>; got "0" "1".'],
    [['status', '--gpu=0'], '--gpu: unknown flag. gpu-node-agent help lists all flags.'],
    [['status', '--jsn'], '--jsn: unknown flag. Did you mean --json?'],
    [['status', '--json=yes'], '--json: expected no value; got "yes".'],
    [['status', '--timeout=5'], '--timeout: expected a duration with its unit up to 1h, such as 10s; got "5".'],
    [['release', '--for=10'], '--for: expected a duration with its unit, such as 10m; got "10".'],
    [['release', '--gpu'], '--gpu: expected an index, UUID or PCI bus id; got nothing.'],
    [['serve', '--log.level=loud'], '--log.level: expected one of debug, info, warn, error; got "loud".'],
  ])('%j', async (argv, message) => {
    const { code, out, err } = await runCommand(argv);
    expect([code, out, err]).toEqual([2, '', `gpu-node-agent: ${message}\n`]);
  });

  it('no command at all shows the overview', async () => {
    const { code, out, err } = await runCommand([]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('Usage: gpu-node-agent <command> [flags]');
  });
});

describe('help', () => {
  it.each([['help'], ['--help'], ['-h']])('%s names every command', async (flag) => {
    const { code, out } = await runCommand([flag]);
    expect(code).toBe(0);
    for (const { name, operands } of COMMANDS) {
      expect(out.split('\n').some((line) => line.startsWith(`  ${name} ${operands}`.trimEnd()))).toBe(true);
    }
  });

  it.each(COMMANDS.map(({ name }) => name))('is there for %s, both ways', async (name) => {
    const asked = await runCommand(['help', name]);
    const flagged = await runCommand([name, '--help']);
    expect([asked.code, flagged.code]).toEqual([0, 0]);
    expect(flagged.out).toBe(asked.out);
    expect(asked.out).toContain(`Usage: gpu-node-agent ${name}`);
  });
});

it.each([['version'], ['--version'], ['-V']])('%s tells the version', async (word) => {
  const { out, code } = await runCommand([word]);
  expect(code).toBe(0);
  expect(out).toMatch(new RegExp(`^gpu-node-agent ${AGENT_VERSION.replaceAll('.', '\\.')} \\(Node \\d+\\.`));
});

it('version --host --json adds what it found about the host', async () => {
  const { out, code } = await runCommand(['version', '--host', '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ version: AGENT_VERSION, host: { kernel: expect.any(String) } });
});

describe('without an agent', () => {
  it('a reading command that cannot read either ends with 3 and says what it tried', async () => {
    const { code, err } = await runCommand(['status', ...alone]);
    expect(code).toBe(3);
    expect(err).toMatch(
      /^gpu-node-agent: nobody answered:\n {2}.*control\.sock: .*ENOENT.*\n {2}own reading: no driver here\n$/,
    );
  });

  it.each([['release'], ['resume'], ['holders', '0'], ['metrics']])('%s ends with 3', async (...argv) => {
    const { code, err } = await runCommand([...argv, ...alone]);
    expect([code, err]).toEqual([3, expect.stringContaining('no agent answers')]);
  });

  it('takes another program at the address for what it is', async () => {
    const { createServer: createHttpServer } = await import('node:http');
    const other = createHttpServer((_request, response) => response.end('{"hello":"world"}'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const argv = ['status', `--path.run=${run}`, `--web.listen-address=127.0.0.1:${port}`];
    try {
      expect((await runCommand(argv)).err).toContain('is it another program?');
      expect((await runCommand(argv, { state: runningState() })).out).toContain('this was read just now');
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });

  it('does not wait longer than it is told for one that is silent', async () => {
    const sockets = new Set<{ destroy(): void }>();
    const silent = createServer((socket) => void sockets.add(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const started = performance.now();
    const { code, err } = await runCommand([
      'metrics',
      '--timeout=300ms',
      `--path.run=${run}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
    expect([code, err]).toEqual([3, expect.stringContaining('no answer within')]);
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});
