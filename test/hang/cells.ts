/** The cells of "cannot hang": which driver function hangs, for whom, how deep it sleeps, and when it begins. */

/** Where in an agent's life the hang begins. */
export type Moment = 'start' | 'steady' | 're-init' | 'exit';
/** `gpu`: for one GPU; `driver`: for all, and for the calls that belong to no GPU. */
export type Reach = 'gpu' | 'driver';
/** `killable`: a signal ends it; `d-state`: nothing but the thaw does. */
export type Sleep = 'killable' | 'd-state';

/** One cell of the matrix. */
export interface Cell {
  /** Short name of the table in the issue, e.g. `memory`. */
  readonly subject: string;
  /** NVML function that does not come back. */
  readonly function: string;
  readonly reach: Reach;
  readonly sleep: Sleep;
  readonly moment: Moment;
}

interface Subject {
  readonly function: string;
  readonly reaches: readonly Reach[];
  readonly moments: readonly Moment[];
}

/**
 * Which cells exist. Calls that belong to no GPU have one reach; a call that is made only at certain moments cannot
 * hang at others.
 */
const SUBJECTS: Readonly<Record<string, Subject>> = {
  init: { function: 'nvmlInitWithFlags', reaches: ['driver'], moments: ['start', 're-init'] },
  count: { function: 'nvmlDeviceGetCount_v2', reaches: ['driver'], moments: ['start', 're-init'] },
  handle: { function: 'nvmlDeviceGetHandleByIndex_v2', reaches: ['gpu', 'driver'], moments: ['start', 're-init'] },
  register: { function: 'nvmlDeviceRegisterEvents', reaches: ['gpu', 'driver'], moments: ['start', 're-init'] },
  memory: {
    function: 'nvmlDeviceGetMemoryInfo_v2',
    reaches: ['gpu', 'driver'],
    moments: ['start', 'steady', 're-init', 'exit'],
  },
  samples: {
    function: 'nvmlDeviceGetSamples',
    reaches: ['gpu', 'driver'],
    moments: ['start', 'steady', 're-init', 'exit'],
  },
  'field values': {
    function: 'nvmlDeviceGetFieldValues',
    reaches: ['gpu', 'driver'],
    moments: ['start', 'steady', 're-init', 'exit'],
  },
  'event wait': {
    function: 'nvmlEventSetWait_v2',
    reaches: ['driver'],
    moments: ['start', 'steady', 're-init', 'exit'],
  },
  shutdown: { function: 'nvmlShutdown', reaches: ['driver'], moments: ['re-init'] },
};

const SLEEPS: readonly Sleep[] = ['killable', 'd-state'];

/** Every cell that exists. */
export const ALL_CELLS: readonly Cell[] = Object.entries(SUBJECTS).flatMap(([subject, row]) =>
  row.moments.flatMap((moment) =>
    row.reaches.flatMap((reach) => SLEEPS.map((sleep) => ({ subject, function: row.function, reach, sleep, moment }))),
  ),
);

/** One cell per function for every run of CI: the deepest sleep, at the latest moment that is not the exit. */
export const SHORT_CELLS: readonly Cell[] = Object.keys(SUBJECTS).map((subject) => {
  const own = ALL_CELLS.filter((cell) => cell.subject === subject && cell.sleep === 'd-state');
  return own.find((cell) => cell.moment === 'steady') ?? (own[0] as Cell);
});

/** A name that states the cell. */
export function nameOf(cell: Cell): string {
  const whom = cell.reach === 'gpu' ? 'one GPU' : 'the whole driver';
  return `${cell.subject} hangs for ${whom}, ${cell.sleep}, at ${cell.moment}`;
}
