/** What happens on the node of soak.mjs while it is watched: processes come and go, and the driver is lost for a moment. */

/** Pids of the processes that come; far from those of the scenario. */
const FIRST_PID = 1_000_000;
/** So many come at once, and as many that came before go. */
const AT_ONCE = 5;
/** Sets of processes that are there at the same time. */
const SETS = 3;
/** MIG instances of the scenario's third GPU, see simulator/scenarios/mixed.yaml. */
const INSTANCES = [2, 3, 9];
const UNINITIALIZED = 1;
const LOST_CYCLES = 16;
/** A loss that nobody noticed is tried again. An init that did not last is waited with for a minute. */
const PATIENCE_CYCLES = 200;

/** @param {number} number */
const podUid = (number) => `7d1f0a52-3c84-4e6b-9f20-${String(number).padStart(12, '0')}`;

/**
 * A process of a pod of its own.
 * @param {number} number
 */
function newcomer(number) {
  const pid = FIRST_PID + number;
  const gpu = number % 4;
  const part = gpu === 2 ? { gpuInstance: INSTANCES[(number >> 2) % INSTANCES.length], computeInstance: 0 } : {};
  return {
    process: {
      gpu,
      pid,
      type: 'compute',
      usedBytes: 268_435_456 + number * 4096,
      smPercent: 1 + (number % 7),
      ...part,
    },
    workload: {
      pod: { namespace: 'soak', name: `job-${number}`, uid: podUid(number), container: 'main' },
      processes: [{ pid, name: 'python3', arguments: ['/usr/bin/python3', 'train.py', '--run', String(number)] }],
    },
  };
}

/** Changes a node as cycles go by. */
export class World {
  /** Processes that came and went. */
  churned = 0;
  #came = 0;
  #driverLosses = 0;
  /** When the driver was lost last, and how often NVML had been initialised anew by then. */
  #lostAt = { cycles: Number.NEGATIVE_INFINITY, reinitializations: -1 };
  #isLost = false;

  /**
   * @param {import('../../simulator/node.mjs').SimulatedNode} node of the scenario `mixed`
   * @param {{ churns: number, reinitializations: number }} perCycle how often, on average
   */
  constructor(node, perCycle) {
    this.node = node;
    this.perCycle = perCycle;
  }

  /**
   * What is due after so many cycles and inits.
   * @param {number} cycles
   * @param {number} reinitializations so far, as the agent says
   */
  goOn(cycles, reinitializations) {
    if (this.churned + AT_ONCE <= cycles * this.perCycle.churns) this.#exchange();
    const since = cycles - this.#lostAt.cycles;
    if (this.#isLost) {
      // Somebody must have had the time to ask.
      if (since < LOST_CYCLES) return;
      this.node.clear();
      this.#isLost = false;
    } else if (
      reinitializations < cycles * this.perCycle.reinitializations &&
      (reinitializations > this.#lostAt.reinitializations || since > PATIENCE_CYCLES)
    ) {
      this.#lostAt = { cycles, reinitializations };
      this.#loseDriver();
    }
  }

  #exchange() {
    const ended = [];
    if (this.#came >= AT_ONCE * SETS) {
      for (let i = 0; i < AT_ONCE; i++) ended.push(FIRST_PID + this.churned++);
    }
    const fresh = Array.from({ length: AT_ONCE }, () => newcomer(this.#came++));
    this.node.exchangeProcesses({
      ended,
      started: fresh.map(({ process }) => process),
      workloads: fresh.map(({ workload }) => workload),
    });
  }

  /** Until the next look the driver says that nobody has initialised it, to a GPU's thread or to who waits for events. */
  #loseDriver() {
    const asked = this.#driverLosses++ % 2 === 0 ? 'nvmlDeviceGetMemoryInfo_v2' : 'nvmlEventSetWait_v2';
    for (const name of [asked, 'nvmlDeviceGetCount_v2']) this.node.fault({ function: name, code: UNINITIALIZED });
    this.#isLost = true;
  }
}
