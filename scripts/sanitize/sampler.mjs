/**
 * The sampler's executable, built with a sanitizer and run on a simulated node: once with its report, and for some
 * seconds of cycles as the agent runs it, with a socket on descriptor 3 and its memory on descriptor 4. Half-way the
 * driver loses a GPU, so that the sampler initialises it anew and its threads meet other GPUs at their indexes.
 */
import { spawn } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { jobs } from '../build/steps.mjs';
import { Failure, mustRun } from '../child.mjs';
import { inRoot, simulatorCommand } from '../layout.mjs';

/** Longer than any layout of the shared memory; the rest stays a hole. */
const memoryBytes = 256 * 1024 * 1024;

/** Cycles in which every thread has work several times. */
const steadySeconds = 8;

/** The GPU that is left out and then taken from the driver; others stand behind it. */
const takenGpu = 1;

/** A sampler counts the driver's GPUs once a minute. */
const recountSeconds = 61;

/** How long the sampler may take to leave after it was told to, in seconds; sanitizers are slow. */
const leaveSeconds = 20;

/**
 * @param {'address' | 'thread'} sanitizer
 * @param {string} scenario of the simulator
 */
export async function runSanitizedSampler(sanitizer, scenario) {
  await mustRun(`building the sampler (${sanitizer})`, 'make', ['-C', 'native', `-j${jobs}`, `SAN=${sanitizer}`]);
  const program = inRoot('out', `native-${sanitizer}`, 'gpu-node-sampler');
  const node = inRoot('out', 'sanitize', `${sanitizer}-${scenario}`);
  rmSync(node, { recursive: true, force: true });
  mkdirSync(inRoot('out', 'sanitize'), { recursive: true });
  await mustRun('making a simulated node', process.execPath, [
    simulatorCommand,
    'create',
    node,
    '--scenario',
    scenario,
  ]);
  const where = [
    `--nvml.library=${node}/driver/libnvidia-ml.so.1`,
    `--clock.file=${node}/clock`,
    `--path.procfs=${node}/host/proc`,
  ];
  const env = {
    ...process.env,
    ASAN_OPTIONS: 'abort_on_error=0:exitcode=66:detect_leaks=0',
    UBSAN_OPTIONS: 'halt_on_error=1:exitcode=66:print_stacktrace=1',
    TSAN_OPTIONS: 'halt_on_error=0:exitcode=66',
  };
  const once = await mustRun(
    `one reading (${sanitizer}, ${scenario})`,
    program,
    ['--once', '--json', '--deadline', '30000', ...where],
    { env, timeoutSeconds: 60 },
  );
  if (JSON.parse(once.stdout).driver?.initialized !== true) {
    throw new Failure(`the simulated driver was not initialised (${sanitizer}, ${scenario})`, once.output);
  }
  if (/Sanitizer|runtime error:/.test(once.output)) throw new Failure(`${sanitizer} spoke`, once.output);
  const cycles = [
    '--interval-ms=100',
    `--path.rootfs=${node}/host`,
    `--hami.root=${node}/host/hami/containers`,
    `--exclude=${takenGpu}`,
  ];
  await steady(program, [...where, ...cycles], env, node);
  rmSync(node, { recursive: true, force: true });
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @param {string} node folder of the simulated node
 */
async function steady(program, args, env, node) {
  const memory = openSync(`${node}/sampler-memory`, 'w+');
  ftruncateSync(memory, memoryBytes);
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe', 'pipe', memory], detached: true });
  closeSync(memory);
  let output = '';
  let wakeUps = 0;
  child.stdout?.on('data', (text) => (output += text));
  child.stderr?.on('data', (text) => (output += text));
  const socket = /** @type {import('node:net').Socket} */ (child.stdio[3]);
  socket.on('data', (bytes) => (wakeUps += bytes.length));
  const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal)));
  await sleep((steadySeconds / 2) * 1000);
  await takeGpuAway(node);
  await sleep((steadySeconds / 2) * 1000);
  socket.write('x');
  const late = Symbol('late');
  const end = await Promise.race([ended, sleep(leaveSeconds * 1000, late, { ref: false })]);
  if (end === late) {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    throw new Failure(`the sampler did not leave within ${leaveSeconds} s`, output);
  }
  if (end !== 0 || /Sanitizer|runtime error:/.test(output)) throw new Failure(`the sampler ended with ${end}`, output);
  if (wakeUps < steadySeconds) throw new Failure(`the sampler woke its reader only ${wakeUps} times`, output);
}

/** @param {string} node folder of the simulated node */
async function takeGpuAway(node) {
  const simulator = (/** @type {string[]} */ ...words) =>
    mustRun(`simulator ${words[0]}`, process.execPath, [simulatorCommand, words[0] ?? '', node, ...words.slice(1)]);
  for (const pid of ['51101', '51102']) await simulator('process', 'end', pid, '--gpu', `${takenGpu}`);
  await simulator('bind', '--gpu', `${takenGpu}`, '--driver', 'vfio-pci');
  await simulator('clock', '--advance-seconds', `${recountSeconds}`);
}
