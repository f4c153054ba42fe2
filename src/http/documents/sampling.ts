import type { Static } from 'typebox';
import Type from 'typebox';
import type { CallStatistics, Driver, Sampling, StuckCall } from '../../model/node-state.js';
import type { Holds, JsonForm, Same } from './json-form.js';
import { NodeReadingsDocument } from './readings.js';
import { closed, integer, maybe, named, number, numbersByName, text, word } from './words.js';

/** Schema of `Driver`. */
export const DriverDocument = closed(
  {
    state: word(
      ['unknown', 'starting', 'initialized', 'library_missing', 'not_loaded', 'mismatch', 'failed', 'unused'],
      'unknown = no sampler has told anything for longer than readings are kept.',
    ),
    lastCode: integer('NVML return code of the last attempt, 0 = success.'),
    message: maybe(text('What was tried and what came.')),
    libraryPath: maybe(Type.String()),
    librarySoname: maybe(text('The name the library gives itself.')),
    libraryVersion: maybe(text('By the name of the file.')),
    moduleVersion: maybe(text('Of the loaded kernel module, whether or not the library can talk to it.')),
    kernelModule: maybe(word(['open', 'proprietary'], 'Which of the two kernel modules is loaded.')),
    driverVersion: maybe(Type.String()),
    nvmlVersion: maybe(Type.String()),
    cudaVersion: maybe(Type.String()),
    gpuCount: maybe(integer('As the driver counts them, also those that are not read.')),
    gpusUnread: maybe(integer('How many of them are more than a sampler reads; missing where all are read.')),
    symbolsMissing: Type.Integer(),
    foreignSymbols: integer('Functions that another library interposes.'),
    initAttempts: Type.Integer(),
    reinitializations: Type.Integer(),
    reinitializationsByReason: numbersByName('The same by the NVML code that asked for it.'),
    readings: named(NodeReadingsDocument),
  },
  { $id: 'Driver', description: 'Library and kernel driver.' },
);

/** Schema of `StuckCall`. */
export const StuckCallDocument = closed(
  {
    samplerPid: Type.Integer(),
    lane: word(['control', 'events', 'hami', 'gpu']),
    gpuIndex: maybe(integer('Where the GPU stands now; missing when it stands nowhere.')),
    gpuUuid: maybe(Type.String()),
    gpuPciBusId: maybe(Type.String()),
    function: Type.String(),
    verdict: word(['slow', 'stuck']),
    seconds: number('How long it has not come back.'),
    tid: Type.Integer(),
    threadState: maybe(text('Letter of /proc/<pid>/task/<tid>/stat.')),
    wchan: maybe(text('Kernel function the thread sleeps in.')),
    syscallNumber: maybe(Type.Integer()),
  },
  { $id: 'StuckCall', description: 'A driver call that did not come back.' },
);

/** Schema of `Sampling`. */
export const SamplingDocument = closed(
  {
    state: word(['starting', 'running', 'released', 'unavailable']),
    reason: maybe(text('Plain words when not running.')),
    processes: Type.Array(
      closed({
        pid: Type.Integer(),
        generation: Type.Integer(),
        role: word(['starting', 'active', 'leaving', 'stuck']),
        excluded: Type.Array(Type.String()),
        startedUnixSeconds: Type.Number(),
      }),
    ),
    stuckCalls: Type.Array(named(StuckCallDocument)),
    released: Type.Array(
      closed({
        gpu: text('UUID or all.'),
        untilUnixSeconds: maybe(number('Unix time it is taken up again; missing = until resume.')),
      }),
    ),
    ageSeconds: maybe(number("Seconds since the active sampler's last tick.")),
    cycleSeconds: number('Seconds from one cycle to the next.'),
    restarts: Type.Integer(),
  },
  { $id: 'Sampling', description: "The agent's view of its samplers." },
);

/** Schema of `CallStatistics`. */
export const CallStatisticsDocument = closed(
  {
    function: Type.String(),
    results: numbersByName('Calls by result since the agent started.'),
    durationBuckets: Type.Array(Type.Number(), {
      description: 'Cumulative counts for the bounds 10 µs to 10 s by tens, then +Inf.',
    }),
    durationSumSeconds: Type.Number(),
  },
  { $id: 'CallStatistics', description: 'Calls of one driver function.' },
);

/** The schemas and the model say the same. */
export type DriverAgrees = Holds<Same<Static<typeof DriverDocument>, JsonForm<Driver>>>;
export type StuckCallAgrees = Holds<Same<Static<typeof StuckCallDocument>, JsonForm<StuckCall>>>;
export type SamplingAgrees = Holds<Same<Static<typeof SamplingDocument>, JsonForm<Sampling>>>;
export type CallsAgree = Holds<Same<Static<typeof CallStatisticsDocument>, JsonForm<CallStatistics>>>;
