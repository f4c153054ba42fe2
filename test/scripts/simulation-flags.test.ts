import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../scripts/layout.mjs';
import { simulatedNodePath } from '../../scripts/simulated-node.mjs';
import { namesOwnNode, undecidedFlags, variableOf } from '../../scripts/simulation-flags.mjs';
import { loadConfig } from '../../src/config/load.js';
import { OPTIONS } from '../../src/config/options.js';

const SIMULATED = [
  '--nvml.library=/sim/driver/libnvidia-ml.so.1',
  '--path.sysfs=/sim/host/sys',
  '--path.procfs=/sim/host/proc',
  '--path.dev=/sim/host/dev',
  '--path.run=/sim/host/run',
  '--path.state=/sim/host/var/lib/gpu-node-agent',
  '--path.rootfs=/sim/host',
  '--path.hami=/sim/host/hami/containers',
  '--clock.file=/sim/clock',
];

describe('a node of their own', () => {
  it.each([
    '--nvml.library=/x/libnvidia-ml.so.1',
    '--nvml.driver-root=/x',
    '--path.sysfs=/x',
    '--path.procfs=/x',
    '--path.dev=/x',
    '--path.rootfs=/x',
    '--config.file=/x',
  ])('is named by %s, with or without an equals sign, and by its variable', (flag) => {
    const [name = '', value = ''] = flag.slice(2).split('=');
    expect(namesOwnNode([flag], {})).toBe(true);
    expect(namesOwnNode([`--${name}`, value], {})).toBe(true);
    expect(namesOwnNode([], { [variableOf(name)]: value })).toBe(true);
    expect(namesOwnNode([], { [variableOf(name)]: '' })).toBe(false);
  });

  it('is not named by where the agent listens or keeps its socket', () => {
    const given = ['--web.listen-address', '127.0.0.1:0', '--path.run=/x', '--log.level=debug'];
    expect(namesOwnNode(given, { GPU_NODE_AGENT_PATH_RUN: '/y', PATH: '/bin' })).toBe(false);
  });
});

describe('flags of the simulated node', () => {
  it.each([
    [['--path.run=/x'], {}],
    [['--path.run', '/x'], {}],
    [[], { GPU_NODE_AGENT_PATH_RUN: '/x' }],
  ])('leave out what the user decides: %j %j', (given, environment) => {
    const flags = undecidedFlags(SIMULATED, given, environment);
    const { config } = loadConfig([...flags, ...given], environment);
    expect(config.path).toMatchObject({ run: '/x', sysfs: '/sim/host/sys', hami: ['/sim/host/hami/containers'] });
    expect(config.clock.file).toBe('/sim/clock');
  });

  it('leave a list to the user as a whole', () => {
    const given = ['--path.hami=/a', '--path.hami=/b'];
    const { config } = loadConfig([...undecidedFlags(SIMULATED, given, {}), ...given], {});
    expect(config.path.hami).toEqual(['/a', '/b']);
  });

  it('are handed on whole where the user says nothing of them', () => {
    expect(undecidedFlags(SIMULATED, ['--log.level=warn'], { GPU_NODE_AGENT_LOG_FORMAT: 'json' })).toEqual(SIMULATED);
  });
});

it('variables are named as the agent names them', () => {
  expect(OPTIONS.map(({ flag }) => variableOf(flag))).toEqual(OPTIONS.map(({ variable }) => variable));
});

it('README says where the control socket of the simulated node is', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const [, path] = /^export GPU_NODE_AGENT_PATH_RUN="(\S+)"/m.exec(readme) ?? [];
  expect(path?.replace('$PWD', root)).toBe(join(simulatedNodePath, 'host', 'run'));
});
