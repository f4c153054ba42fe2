/** The cells of "cannot hang": which driver function hangs, for whom, how deep it sleeps, and when it begins. */

/** Where in an agent's life the hang begins. `exit`: just before the agent is asked to end. */
export type Moment = 'start' | 'steady' | 're-init' | 'exit';
/**
 * `gpu`: the call hangs for one GPU. `driver`: it hangs for all, and then everything else does. `alone`: a call that is
 * of no GPU hangs while the driver answers all others.
 */
export type Reach = 'gpu' | 'driver' | 'alone';
/** `killable`: a signal ends it; `d-state`: nothing but the thaw does. */
export type Sleep = 'killable' | 'd-state';
/** The thread that makes the call, as its lane is called; for a GPU the lane `gpu`. */
export type Lane = 'control' | 'events' | 'gpu';

/** One cell of the matrix. */
export interface Cell {
  /** Short name of the table in the issue, e.g. `memory`. */
  readonly subject: Subject;
  readonly part: Part;
  /** Function that does not come back, as it is named. */
  readonly function: string;
  readonly lane: Lane;
  /** Class of the call: which deadline makes it stuck. */
  readonly deadline: Deadline;
  readonly reach: Reach;
  readonly sleep: Sleep;
  readonly moment: Moment;
}

export type Deadline = 'attach' | 'fast' | 'slow';

export type Subject =
  | 'init'
  | 'count'
  | 'handle'
  | 'handle, no list'
  | 'field values'
  | 'memory'
  | 'samples'
  | 'register'
  | 'event wait'
  | 'shutdown'
  | 'list of GPUs';

/** The file that plays a function's cells: three are played side by side. */
export type Part = 'initialisation' | 'look-up' | 'readings' | 'events';

/** `true`: the cell exists. A text: why it cannot. */
type Existence = true | string;

interface Row {
  readonly part: Part;
  readonly function: string;
  readonly lane: Lane | Partial<Record<Moment, Lane>>;
  readonly deadline: Deadline;
  /** A text in place of moments: none of them exists, and why. */
  readonly reaches: Readonly<Record<Reach, string | Readonly<Record<Moment, Existence>>>>;
  /** Why it cannot sleep so. */
  readonly sleeps?: Partial<Record<Sleep, string>>;
}

const ALWAYS: Readonly<Record<Moment, Existence>> = { start: true, steady: true, 're-init': true, exit: true };
const OF_NO_GPU = 'the call is of no GPU';
const OF_A_GPU = 'the call is of a GPU: alone is one GPU';
const NOTHING_BESIDE = 'while it is in flight nobody else may be inside the driver: alone is the whole driver';

const EACH_CYCLE = { gpu: ALWAYS, driver: ALWAYS, alone: OF_A_GPU } as const;

/** The whole matrix, with the cells that cannot exist and why. */
export const ROWS: Readonly<Record<Subject, Row>> = {
  init: {
    part: 'initialisation',
    function: 'nvmlInitWithFlags',
    lane: 'control',
    deadline: 'attach',
    reaches: {
      gpu: OF_NO_GPU,
      driver: {
        ...ALWAYS,
        steady: 'a driver that answers is not initialised; after an init that failed the next one is a start',
      },
      alone: NOTHING_BESIDE,
    },
  },
  count: {
    part: 'initialisation',
    function: 'nvmlDeviceGetCount_v2',
    lane: 'control',
    deadline: 'slow',
    reaches: {
      gpu: OF_NO_GPU,
      driver: ALWAYS,
      alone: {
        start: NOTHING_BESIDE,
        steady: true,
        're-init': NOTHING_BESIDE,
        exit: 'an agent ends the same way, whether the GPUs answer or not',
      },
    },
  },
  handle: {
    part: 'look-up',
    function: 'nvmlDeviceGetHandleByIndex_v2',
    lane: 'gpu',
    deadline: 'attach',
    // Steady: GPUs that were lost are looked up again.
    reaches: { gpu: ALWAYS, driver: ALWAYS, alone: OF_A_GPU },
  },
  'handle, no list': {
    part: 'look-up',
    function: 'nvmlDeviceGetHandleByIndex_v2',
    lane: 'gpu',
    deadline: 'attach',
    // In a container whose /proc does not list the driver's GPUs, one that hangs before it told its name has none.
    reaches: {
      gpu: {
        start: true,
        steady: 'a GPU that is looked up again has told its name: with and without a list are the same',
        're-init': 'as at steady: its name is known from before',
        exit: 'an agent ends the same way, whether a GPU has a name or not',
      },
      driver: 'the whole driver needs no name',
      alone: OF_A_GPU,
    },
  },
  register: {
    part: 'events',
    function: 'nvmlDeviceRegisterEvents',
    lane: 'gpu',
    deadline: 'slow',
    // Steady: a lost GPU spoils the set of events, and the others register in a new one.
    reaches: { gpu: ALWAYS, driver: ALWAYS, alone: OF_A_GPU },
  },
  memory: {
    part: 'readings',
    function: 'nvmlDeviceGetMemoryInfo_v2',
    lane: 'gpu',
    deadline: 'fast',
    reaches: EACH_CYCLE,
  },
  samples: { part: 'readings', function: 'nvmlDeviceGetSamples', lane: 'gpu', deadline: 'fast', reaches: EACH_CYCLE },
  'field values': {
    part: 'readings',
    function: 'nvmlDeviceGetFieldValues',
    lane: 'gpu',
    deadline: 'fast',
    reaches: EACH_CYCLE,
  },
  'event wait': {
    part: 'events',
    function: 'nvmlEventSetWait_v2',
    lane: 'events',
    deadline: 'fast',
    reaches: { gpu: 'one wait is for the events of all GPUs', driver: ALWAYS, alone: ALWAYS },
  },
  shutdown: {
    part: 'initialisation',
    function: 'nvmlShutdown',
    lane: 'control',
    deadline: 'attach',
    reaches: {
      gpu: OF_NO_GPU,
      driver: {
        // An init that is followed by a count that fails is taken back.
        start: true,
        steady: 'a driver that answers is not shut down',
        're-init': true,
        // A sampler that leaves does not shut down, it exits: this is an end in the middle of a new init.
        exit: true,
      },
      alone: NOTHING_BESIDE,
    },
  },
  'list of GPUs': {
    part: 'initialisation',
    function: 'read /proc/driver/nvidia/gpus',
    // GPUs are listed when the driver is initialised, and by a GPU before it is looked up again.
    lane: { start: 'control', steady: 'gpu', 're-init': 'control', exit: 'control' },
    deadline: 'slow',
    reaches: {
      gpu: {
        start: 'one list is of all GPUs',
        steady: true,
        're-init': 'one list is of all GPUs',
        exit: 'an agent ends the same way, whoever lists',
      },
      driver: {
        ...ALWAYS,
        steady: 'only a GPU that is looked up again lists, and it is the only one',
      },
      alone: NOTHING_BESIDE,
    },
    // A list is read, and a frozen file system makes nobody wait but writers.
    sleeps: { 'd-state': 'no file system here keeps a reader asleep in spite of SIGKILL' },
  },
};

const SUBJECTS = Object.keys(ROWS) as Subject[];
const SLEEPS: readonly Sleep[] = ['killable', 'd-state'];
const REACHES: readonly Reach[] = ['gpu', 'driver', 'alone'];
const MOMENTS: readonly Moment[] = ['start', 'steady', 're-init', 'exit'];

function exists({ reaches, sleeps }: Row, reach: Reach, sleep: Sleep, moment: Moment): boolean {
  const moments = reaches[reach];
  return typeof moments !== 'string' && moments[moment] === true && sleeps?.[sleep] === undefined;
}

/** Every cell that exists. */
export const ALL_CELLS: readonly Cell[] = SUBJECTS.flatMap((subject) => {
  const row = ROWS[subject];
  return MOMENTS.flatMap((moment) => {
    const lane = typeof row.lane === 'string' ? row.lane : (row.lane[moment] ?? 'control');
    return REACHES.flatMap((reach) =>
      SLEEPS.filter((sleep) => exists(row, reach, sleep, moment)).map((sleep) => {
        const { function: name, deadline, part } = row;
        return { subject, part, function: name, lane, deadline, reach, sleep, moment };
      }),
    );
  });
});

/** One cell per function for every run of CI: one GPU where there is one, the deepest sleep, the latest moment. */
export const SHORT_CELLS: readonly Cell[] = SUBJECTS.map((subject) => {
  const own = ALL_CELLS.filter((cell) => cell.subject === subject);
  const rank = ({ reach, sleep, moment }: Cell) =>
    Number(sleep === 'd-state') * 4 + Number(reach !== 'driver') * 2 + Number(moment === 'steady');
  return own.reduce((best, cell) => (rank(cell) > rank(best) ? cell : best));
});

const WHOM: Readonly<Record<Reach, string>> = {
  gpu: 'for one GPU',
  driver: 'for the whole driver',
  alone: 'alone',
};

/** A name that states the cell. */
export function nameOf(cell: Cell): string {
  return `${cell.subject} hangs ${WHOM[cell.reach]}, ${cell.sleep}, at ${cell.moment}`;
}
