// @ts-check
/**
 * The commands of `gpu-node-simulator`, one entry each. A command gets its arguments and returns what is printed.
 */
import { importCapture } from '../capture/import.mjs';
import { createNode, openNode } from '../node.mjs';
import { UsageError } from './arguments.mjs';
import { HAMI } from './hami.mjs';
import { describeNode } from './show.mjs';

/** @typedef {import('./arguments.mjs').Arguments} Arguments */
/** @typedef {import('./arguments.mjs').Flag} Flag */

/**
 * @typedef {object} Command
 * @property {string} help
 * @property {string} [words] after the directory, for the usage line
 * @property {string} [operand] what stands in the place of a directory
 * @property {Readonly<Record<string, Flag>>} flags
 * @property {(args: Arguments) => string | undefined | Promise<string | undefined>} run
 */

/** @type {Flag} */
const gpu = { kind: 'number', help: 'index of the GPU', needed: true };
/** @type {Flag} */
const anyGpu = { kind: 'number', help: 'index of the GPU; all when left out' };

/** @type {Readonly<Record<string, Command>>} */
export const COMMANDS = {
  create: {
    help: 'makes a node in a new directory',
    flags: {
      scenario: { kind: 'text', help: 'a scenario that comes with the simulator, or a YAML file' },
      capture: { kind: 'text', help: 'a capture of a host, in the place of a scenario' },
      seed: { kind: 'number', help: 'makes UUIDs and phases of loads differ; default 1' },
      branch: { kind: 'text', help: 'driver branch: 535, 550, 580 (default) or 590' },
      'frozen-clock': { kind: 'switch', help: 'the clock stands until it is moved' },
      'call-latency-us': {
        kind: 'number',
        help: 'microseconds every call takes; what the scenario says when left out',
      },
    },
    run: (args) => {
      const seed = args.number('seed');
      const branch = args.text('branch');
      const microseconds = args.number('call-latency-us');
      const name = args.text('scenario');
      const capture = args.text('capture');
      if ((name === undefined) === (capture === undefined)) {
        throw new UsageError('create: expected --scenario or --capture, and not both');
      }
      createNode(args.directory, {
        scenario: name ?? importCapture(capture ?? '').scenario,
        ...(seed === undefined ? {} : { seed }),
        ...(branch === undefined ? {} : { branch }),
        frozenClock: args.isSet('frozen-clock'),
        ...(microseconds === undefined ? {} : { callLatency: { '*': microseconds } }),
      });
      return undefined;
    },
  },
  import: {
    help: 'prints the scenario of a capture, to be read, changed and given to create',
    operand: 'capture',
    flags: { name: { kind: 'text', help: 'of the scenario; default captured' } },
    run: (args) => {
      const name = args.text('name');
      return importCapture(args.directory, name === undefined ? {} : { name }).text.trimEnd();
    },
  },
  flags: {
    help: "prints the agent's flags for the node, one a line",
    flags: {},
    run: (args) => openNode(args.directory).flags().join('\n'),
  },
  show: { help: 'prints what the node is now', flags: {}, run: (args) => describeNode(openNode(args.directory)) },
  fault: {
    help: 'makes calls fail, wait or hang until cleared; prints the id',
    flags: {
      function: { kind: 'text', help: 'e.g. nvmlDeviceGetMemoryInfo_v2; every function when left out' },
      gpu: anyGpu,
      pid: { kind: 'number', help: 'only in this process' },
      code: { kind: 'number', help: 'what the call answers' },
      'latency-us': { kind: 'number', help: 'microseconds it sleeps first' },
      'busy-us': { kind: 'number', help: 'microseconds of CPU it burns first' },
      hang: { kind: 'text', help: 'killable, or d-state' },
      'frozen-file': { kind: 'text', help: 'for d-state: a file on a frozen file system' },
      'after-us': { kind: 'number', help: 'the fault starts so much later' },
    },
    run: (args) => {
      const hang = args.text('hang');
      if (hang !== undefined && hang !== 'killable' && hang !== 'd-state') {
        throw new UsageError(`fault: --hang: expected killable or d-state, got "${hang}"`);
      }
      const spelling = {
        function: args.text('function'),
        gpu: args.number('gpu'),
        pid: args.number('pid'),
        code: args.number('code'),
        latencyMicroseconds: args.number('latency-us'),
        busyMicroseconds: args.number('busy-us'),
        hang,
        frozenFile: args.text('frozen-file'),
        afterMicroseconds: args.number('after-us'),
      };
      const given = Object.fromEntries(Object.entries(spelling).filter(([, value]) => value !== undefined));
      return String(openNode(args.directory).fault(given));
    },
  },
  clear: {
    help: 'ends a fault or loss, all of them without --id',
    flags: { id: { kind: 'number', help: 'as printed by fault, lost and show' } },
    run: (args) => void openNode(args.directory).clear(args.number('id')),
  },
  lost: {
    help: 'a GPU falls off the bus; prints the id',
    flags: { gpu },
    run: (args) => String(openNode(args.directory).lose(args.neededNumber('gpu'))),
  },
  unplug: {
    help: 'a lost GPU is given up by the driver although it is in use; prints the id of the loss',
    flags: { gpu },
    run: (args) => String(openNode(args.directory).unplug(args.neededNumber('gpu'))),
  },
  xid: {
    help: 'delivers XID events, one after the other',
    flags: { gpu, code: { kind: 'numbers', help: 'XID, or several with commas between', needed: true } },
    run: (args) => void openNode(args.directory).xid(args.neededNumber('gpu'), args.numbers('code')),
  },
  kmsg: {
    help: 'adds a line to the kernel log: an XID of a GPU as the driver writes it, or any text of the kernel',
    words: '[TEXT ...]',
    flags: {
      gpu: anyGpu,
      xid: { kind: 'number', help: 'number of the XID; no event of NVML goes with it' },
      pid: { kind: 'number', help: 'the process it names' },
      name: { kind: 'text', help: 'what that process calls itself' },
      priority: { kind: 'number', help: 'from 8 on: what a process wrote into the log itself; default 3' },
    },
    run: (args) => {
      const node = openNode(args.directory);
      const text = args.rest.join(' ');
      const xid = args.number('xid');
      if (xid !== undefined) {
        const more = { pid: args.number('pid'), name: args.text('name'), ...(text === '' ? {} : { text }) };
        node.logXid(args.neededNumber('gpu'), xid, more);
        return undefined;
      }
      if (text === '') throw new UsageError('kmsg: expected --xid with --gpu, or a text');
      const priority = args.number('priority');
      node.kernelLog([text], priority === undefined ? {} : { priority });
      return undefined;
    },
  },
  event: {
    help: 'delivers an event of any type',
    flags: {
      gpu,
      type: { kind: 'number', help: 'bit of the event type, e.g. 0x8000', needed: true },
      data: { kind: 'number', help: 'default 0' },
    },
    run: (args) => {
      const event = { type: args.neededNumber('type'), data: args.number('data') ?? 0 };
      openNode(args.directory).events(args.neededNumber('gpu'), [event]);
      return undefined;
    },
  },
  unload: {
    help: "removes the driver's module; refused while a device node is open",
    flags: {},
    run: (args) => void openNode(args.directory).unload(),
  },
  load: {
    help: "loads the driver's module",
    flags: {
      branch: { kind: 'text', help: 'another driver branch' },
      'keep-library': { kind: 'switch', help: 'leaves the old library file: a mismatch' },
    },
    run: (args) => void openNode(args.directory).load(args.text('branch'), { library: !args.isSet('keep-library') }),
  },
  'replace-library': {
    help: "puts another branch's library beside the loaded module: init then answers 18",
    flags: { branch: { kind: 'text', help: 'driver branch of the library', needed: true } },
    run: (args) => void openNode(args.directory).replaceLibrary(args.text('branch') ?? ''),
  },
  bind: {
    help: 'binds a GPU to another kernel driver; refused while it is in use',
    flags: { gpu, driver: { kind: 'text', help: 'nvidia, vfio-pci or none', needed: true } },
    run: (args) => {
      const driver = args.text('driver') ?? '';
      openNode(args.directory).bind(args.neededNumber('gpu'), driver === 'none' ? '' : driver);
      return undefined;
    },
  },
  clock: {
    help: 'changes the clock',
    flags: {
      rate: { kind: 'number', help: '1 = real speed' },
      'advance-seconds': { kind: 'number', help: 'moves it forward' },
      freeze: { kind: 'switch', help: 'the same as --rate 0' },
      'jump-realtime-seconds': { kind: 'number', help: 'moves the wall clock alone, also back' },
    },
    run: (args) => {
      const rate = args.isSet('freeze') ? 0 : args.number('rate');
      openNode(args.directory).clock({
        ...(rate === undefined ? {} : { rate }),
        advanceSeconds: args.number('advance-seconds') ?? 0,
        jumpRealtimeSeconds: args.number('jump-realtime-seconds') ?? 0,
      });
      return undefined;
    },
  },
  mig: {
    help: 'creates (JSON as in a scenario) or destroys a MIG instance',
    words: "create '{...}' | destroy GI/CI",
    flags: { gpu },
    run: (args) => {
      const [action, what = ''] = args.rest;
      const node = openNode(args.directory);
      const index = args.neededNumber('gpu');
      if (action === 'create') {
        node.createMig({ ...parseObject('mig create', what), gpu: index });
        return undefined;
      }
      const place = /^(\d+)\/(\d+)$/.exec(what);
      if (action !== 'destroy' || place === null) {
        throw new UsageError(`mig: expected create {...} or destroy GI/CI, got "${args.rest.join(' ')}"`);
      }
      node.destroyMig({ gpu: index, gpuInstance: Number(place[1]), computeInstance: Number(place[2]) });
      return undefined;
    },
  },
  process: {
    help: 'starts (JSON as in a scenario) or ends a process on a GPU',
    words: "start '{...}' | end PID",
    flags: { gpu: anyGpu },
    run: (args) => {
      const [action, what = ''] = args.rest;
      const node = openNode(args.directory);
      const index = args.number('gpu');
      if (action === 'start') {
        node.startProcess({ gpu: index ?? 0, type: 'compute', ...parseObject('process start', what) });
      } else if (action === 'end') {
        node.endProcess(args.toNumber('pid', what), index);
      } else {
        throw new UsageError(`process: expected start {...} or end PID, got "${args.rest.join(' ')}"`);
      }
      return undefined;
    },
  },
  set: {
    help: 'gives a GPU another value; "absent" takes it away',
    words: 'ATTRIBUTE=VALUE ...',
    flags: { gpu },
    run: (args) => {
      const values = Object.fromEntries(args.rest.map(parseAssignment));
      if (args.rest.length === 0) throw new UsageError('set: expected ATTRIBUTE=VALUE, got nothing');
      openNode(args.directory).set(args.neededNumber('gpu'), values);
      return undefined;
    },
  },
  profile: {
    help: 'changes the load of a GPU: PERCENT for ever, or steps SECONDS:PERCENT repeated',
    words: 'STEP ...',
    flags: { gpu },
    run: (args) => {
      const steps = args.rest.map((word) => {
        const step = /^(?:([\d.]+):)?(\d+)$/.exec(word);
        if (step === null) throw new UsageError(`profile: expected PERCENT or SECONDS:PERCENT, got "${word}"`);
        return { seconds: Number(step[1] ?? 3600), percent: Number(step[2]) };
      });
      openNode(args.directory).setLoad(args.neededNumber('gpu'), steps);
      return undefined;
    },
  },
  hami: HAMI,
};

/**
 * @param {string} word
 * @returns {[string, bigint | string | undefined]}
 */
function parseAssignment(word) {
  const [, name = '', value = ''] = /^(\w+)=(.*)$/.exec(word) ?? [];
  if (name === '') throw new UsageError(`set: expected ATTRIBUTE=VALUE, got "${word}"`);
  if (value === 'absent') return [name, undefined];
  return [name, /^(0x[\da-f]+|-?\d+)$/i.test(value) ? BigInt(value) : value];
}

/**
 * @param {string} where
 * @param {string} text JSON
 */
function parseObject(where, text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${where}: expected JSON such as {"pid": 7}, got "${text}"`);
  }
}
