import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { ConfigError } from '../../src/config/problem.js';

const directory = mkdtempSync(join(tmpdir(), 'gna-config-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(text: string): string {
  const path = join(directory, `${Math.random().toString(36).slice(2)}.yaml`);
  writeFileSync(path, text);
  return path;
}

function messagesOf(argv: readonly string[], environment: Record<string, string> = {}): string[] {
  try {
    loadConfig(argv, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

describe('defaults', () => {
  it('are the documented ones', () => {
    expect(loadConfig([], {}).config).toEqual({
      path: {
        sysfs: '/sys',
        procfs: '/proc',
        dev: '/dev',
        run: '/run',
        rootfs: '/',
        hami: [],
        state: '/var/lib/gpu-node-agent',
      },
      nvml: { driverRoots: [] },
      sampler: {
        intervalSeconds: 1,
        deadlineAttachSeconds: 60,
        deadlineFastSeconds: 2,
        deadlineSlowSeconds: 10,
        staleAfterSeconds: 10,
      },
      web: {
        allowedHosts: [],
        listenAddress: '127.0.0.1:9837',
        telemetryPath: '/metrics',
        disableExporterMetrics: false,
        maxRequests: 40,
      },
      metrics: { enable: [], disable: [] },
      collector: {
        nvml: true,
        pci: true,
        hami: true,
        processes: true,
        kmsg: true,
        nvlinkLinks: false,
        topology: false,
      },
      health: { intervalSeconds: 5, mute: [], tune: [] },
      log: { level: 'info', format: 'json' },
      clock: {},
    });
  });

  it('are not shared between two loads', () => {
    loadConfig([], {}).config.path.hami.push('/elsewhere');
    expect(loadConfig([], {}).config.path.hami).not.toContain('/elsewhere');
  });
});

describe('precedence', () => {
  const path = file('web:\n  listen-address: 127.0.0.1:1\n  max-requests: 7\nlog:\n  level: error\n');
  const environment = { GPU_NODE_AGENT_CONFIG_FILE: path, GPU_NODE_AGENT_WEB_LISTEN_ADDRESS: '127.0.0.1:2' };

  it('is flags, then environment, then file, then defaults', () => {
    const loaded = loadConfig(['--log.level=debug'], environment);
    expect(loaded.config.log.level).toBe('debug');
    expect(loaded.config.web.listenAddress).toBe('127.0.0.1:2');
    expect(loaded.config.web.maxRequests).toBe(7);
    expect(loaded.config.web.telemetryPath).toBe('/metrics');
    expect(Object.fromEntries(loaded.origins)).toEqual({
      'log.level': 'flag',
      'web.listen-address': 'environment',
      'web.max-requests': 'file',
    });
    expect(loaded.file).toBe(path);
  });

  it('lets the flag name another file than the environment', () => {
    const other = file('log: { format: logfmt }');
    expect(loadConfig([`--config.file=${other}`], environment).config.web.maxRequests).toBe(40);
  });

  it('replaces a list instead of adding to the one of a lower layer', () => {
    const lists = { GPU_NODE_AGENT_PATH_HAMI: '/a:/b' };
    expect(loadConfig([], lists).config.path.hami).toEqual(['/a', '/b']);
    const flags = ['--path.hami', '/c', '--path.hami=/d'];
    expect(loadConfig(flags, lists).config.path.hami).toEqual(['/c', '/d']);
  });
});

describe('names by which the agent is reached', () => {
  it('are host names without port, or a star', () => {
    const flags = ['--web.allowed-host=gpu.internal', '--web.allowed-host=*'];
    expect(loadConfig(flags, {}).config.web.allowedHosts).toEqual(['gpu.internal', '*']);
    for (const wrong of ['a:80', 'http://a', 'a b', '*.a', '']) {
      expect(() => loadConfig(['--web.allowed-host', wrong], {})).toThrow(/expected host names without port, or \*/);
    }
  });
});

describe('names of metrics', () => {
  it('are a list by flag, by variable and in the file', () => {
    const list = ['gpu_agent_series', 'gpu_up'];
    const flags = list.map((name) => `--metrics.enable=${name}`);
    const variable = { GPU_NODE_AGENT_METRICS_ENABLE: list.join(':') };
    const path = file('metrics:\n  enable: [gpu_agent_series, gpu_up]\n');
    expect(loadConfig(flags, {}).config.metrics).toEqual({ enable: list, disable: [] });
    expect(loadConfig([], variable).config.metrics).toEqual({ enable: list, disable: [] });
    expect(loadConfig([`--config.file=${path}`], {}).config.metrics).toEqual({ enable: list, disable: [] });
  });

  it('cannot be both wanted and not wanted', () => {
    expect(messagesOf(['--metrics.enable=gpu_up', '--metrics.disable=gpu_up'])).toEqual([
      'metrics.disable: "gpu_up" is in metrics.enable too. Take it out of one.',
    ]);
  });

  it('are refused where they could be none', () => {
    expect(messagesOf(['--metrics.enable=gpu-up'])).toEqual([
      '--metrics.enable: expected names of metrics; got "gpu-up".',
    ]);
  });
});

describe('what is accepted', () => {
  it.each([
    ['--sampler.interval=500ms', 'sampler', 'intervalSeconds', 0.5],
    ['--sampler.stale-after=1h30m', 'sampler', 'staleAfterSeconds', 5_400],
    ['--no-collector.hami', 'collector', 'hami', false],
    ['--collector.hami=false', 'collector', 'hami', false],
    ['--collector.nvlink-links', 'collector', 'nvlinkLinks', true],
    ['--collector.topology', 'collector', 'topology', true],
    ['--web.disable-exporter-metrics', 'web', 'disableExporterMetrics', true],
    ['--web.listen-address=[::1]:0', 'web', 'listenAddress', '[::1]:0'],
    ['--web.listen-address=:9837', 'web', 'listenAddress', ':9837'],
    ['--nvml.library=libnvidia-ml.so.1', 'nvml', 'library', 'libnvidia-ml.so.1'],
  ] as const)('%s', (flag, section, key, value) => {
    expect((loadConfig([flag], {}).config as Record<string, Record<string, unknown>>)[section]?.[key]).toBe(value);
  });

  it('leaves the variables of a Kubernetes Service of our name alone', () => {
    const links = {
      GPU_NODE_AGENT_PORT: 'tcp://10.0.0.1:9837',
      GPU_NODE_AGENT_PORT_9837_TCP_ADDR: '10.0.0.1',
      GPU_NODE_AGENT_SERVICE_HOST: '10.0.0.1',
      GPU_NODE_AGENT_SERVICE_PORT_METRICS: '9837',
    };
    expect(messagesOf([], links)).toEqual([]);
  });

  it('counts an empty variable as not set', () => {
    expect(loadConfig([], { GPU_NODE_AGENT_NVML_LIBRARY: '' }).config.nvml).toEqual({ driverRoots: [] });
  });

  it('reads an empty file and empty sections', () => {
    expect(messagesOf(['--config.file', file('')])).toEqual([]);
    expect(messagesOf(['--config.file', file('web:\nlog:\n')])).toEqual([]);
  });
});

describe('a wrong flag says what was expected, what came, and what to do', () => {
  it.each([
    [['--web.listen-adress=:1'], '--web.listen-adress: unknown flag. Did you mean --web.listen-address?'],
    [['--listen-address=:1'], '--listen-address: unknown flag. Did you mean --web.listen-address?'],
    [['--no-colector.hami'], '--no-colector.hami: unknown flag. Did you mean --no-collector.hami?'],
    [
      ['--collector.kubelet'],
      '--collector.kubelet: unknown flag. The collectors are nvml, pci, hami, processes, kmsg, nvlink-links, topology.',
    ],
    [['--xyzzy'], '--xyzzy: unknown flag. gpu-node-agent help lists all flags.'],
    [['-x'], '-x: unknown flag. gpu-node-agent help lists all flags.'],
    [
      ['--web.config.file=x'],
      '--web.config.file: not supported by this version. Listen on a loopback address and put a proxy with TLS and passwords before it.',
    ],
    [
      ['--sampler.interval', '10'],
      '--sampler.interval: expected a duration with its unit from 100ms to 1h, such as 1s; got "10". Write 10s if you mean seconds.',
    ],
    [
      ['--sampler.interval=1ms'],
      '--sampler.interval: expected a duration with its unit from 100ms to 1h, such as 1s; got "1ms".',
    ],
    [
      ['--sampler.interval'],
      '--sampler.interval: expected a duration with its unit from 100ms to 1h, such as 1s; got nothing.',
    ],
    [['--path.sysfs', '--path.dev=/dev'], '--path.sysfs: expected an absolute path; got nothing.'],
    [
      ['--web.listen-address=9837'],
      '--web.listen-address: expected host:port, such as 127.0.0.1:9837, [::1]:9837 or :9837 for every interface; got "9837".',
    ],
    [
      ['--web.listen-address=127.0.0.256:1'],
      '--web.listen-address: expected host:port, such as 127.0.0.1:9837, [::1]:9837 or :9837 for every interface; got "127.0.0.256:1".',
    ],
    [['--web.max-requests=0'], '--web.max-requests: expected a whole number from 1 to 10000; got "0".'],
    [['--log.level=trace'], '--log.level: expected one of debug, info, warn, error; got "trace".'],
    [['--log.level=info', '--log.level=warn'], '--log.level: given twice. Give it once.'],
    [['--web.disable-exporter-metrics=yes'], '--web.disable-exporter-metrics: expected true or false; got "yes".'],
    [['--no-collector.hami=true'], '--no-collector.hami: expected no value after a --no- flag; got "true".'],
    [
      ['--config.file=/does/not/exist.yaml'],
      '--config.file: expected a readable file; "/does/not/exist.yaml" gave ENOENT.',
    ],
    [['--path.run=/run/\u001b[31m\u0000'], '--path.run: expected an absolute path; got "/run/\\u001b[31m\\u0000".'],
    [
      ['--web.telemetry-path=/api/v1/node'],
      'web.telemetry-path: expected a path of its own; got "/api/v1/node", which the agent answers with something else.',
    ],
    [
      ['--sampler.interval=1m'],
      'sampler.interval: expected sampler.stale-after to be at least twice sampler.interval (2m); got 10s. Readings would be dropped between two cycles: raise sampler.stale-after.',
    ],
  ])('%j', (argv, message) => {
    expect(messagesOf(argv)).toEqual([message]);
  });

  it('suggests the absolute form of a relative path', () => {
    const [message] = messagesOf(['--path.sysfs=sys']);
    expect(message).toBe(
      `--path.sysfs: expected an absolute path; got "sys". Write "${join(process.cwd(), 'sys')}" if you mean that.`,
    );
  });
});

describe('a wrong environment variable', () => {
  it.each([
    [
      { GPU_NODE_AGENT_LOG_LEVLE: 'info' },
      'GPU_NODE_AGENT_LOG_LEVLE: unknown environment variable. Did you mean GPU_NODE_AGENT_LOG_LEVEL?',
    ],
    [{ GPU_NODE_AGENT_COLLECTOR_HAMI: '1' }, 'GPU_NODE_AGENT_COLLECTOR_HAMI: expected true or false; got "1".'],
    [
      { GPU_NODE_AGENT_CONFIG_FILE: '/does/not/exist.yaml' },
      'GPU_NODE_AGENT_CONFIG_FILE: expected a readable file; "/does/not/exist.yaml" gave ENOENT.',
    ],
  ])('%j', (environment, message) => {
    expect(messagesOf([], environment as unknown as Record<string, string>)).toEqual([message]);
  });
});

describe('a wrong file says line and column', () => {
  it.each([
    ['web:\n  listen-adress: x\n', '2:3: unknown key "listen-adress" in web. Did you mean listen-address?'],
    ['wbe: {}\n', '1:1: unknown key "wbe". Did you mean web?'],
    ['web.listen-address: x\n', '1:1: unknown key "web.listen-address". Write listen-address as a key below web.'],
    ['log:\n  level: [info]\n', '2:10: log.level: expected one of debug, info, warn, error; got a list.'],
    ['log:\n  level:\n', '2:9: log.level: expected one of debug, info, warn, error; got an empty value.'],
    [
      'sampler:\n  interval: 5\n',
      '2:13: sampler.interval: expected a duration with its unit from 100ms to 1h, such as 1s; got 5. Write 5s if you mean seconds.',
    ],
    [
      'web:\n  max-requests: "40"\n',
      '2:17: web.max-requests: expected a whole number from 1 to 10000; got "40". Write it without quotes.',
    ],
    ['collector:\n  hami: no\n', '2:9: collector.hami: expected true or false; got "no".'],
    [
      'collector:\n  hami: "true"\n',
      '2:9: collector.hami: expected true or false; got "true". Write it without quotes.',
    ],
    ['path:\n  hami: [/a, 3]\n', '2:9: path.hami: expected absolute paths; got 3.'],
    ['- a\n', '1:1: expected a group of keys; got a list.'],
    ['web: 3\n', '1:6: expected a group of keys; got 3.'],
    ['log: {}\nlog: {}\n', '2:1: not valid YAML: Map keys must be unique.'],
  ])('%j', (text, message) => {
    const path = file(text);
    expect(messagesOf(['--config.file', path])).toEqual([`${path}:${message}`]);
  });
});

it('reports every problem at once, flags first', () => {
  const path = file('log: { level: loud }\n');
  const messages = messagesOf(['--nope', `--config.file=${path}`], { GPU_NODE_AGENT_LOG_FORMAT: 'xml' });
  expect(messages.map((message) => message.split(': ', 1)[0])).toEqual([
    '--nope',
    'GPU_NODE_AGENT_LOG_FORMAT',
    `${path}:1:15`,
  ]);
});
