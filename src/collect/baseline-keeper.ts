import { type Baseline, type BaselineGpu, forget, learn, type Sighting } from '../model/baseline.js';
import { baselinePath, readBaseline, writeBaseline } from './baseline-file.js';

/** Where it is kept, and whom to tell. */
export interface BaselineKeeperOptions {
  /** Directory of `--path.state`. */
  readonly stateDirectory: string;
  readonly warn: (message: string) => void;
}

/**
 * The baseline of this node, and its file. An agent that may not write there keeps it in memory and says so: the rest
 * of its work does not depend on it.
 */
export class BaselineKeeper {
  private gpus: readonly BaselineGpu[] = [];
  private notKept: string | undefined;
  private loaded = false;
  private simulated = false;
  private writing: Promise<void> = Promise.resolve();
  private made: Baseline = { gpus: [], notKept: undefined };

  constructor(private readonly options: BaselineKeeperOptions) {}

  /** The same object until something changes. */
  get baseline(): Baseline {
    if (this.made.gpus !== this.gpus || this.made.notKept !== this.notKept) {
      this.made = { gpus: this.gpus, notKept: this.notKept };
    }
    return this.made;
  }

  /** Reads what earlier starts have learned. Which file that is depends on whether the node is simulated. */
  async load(simulated: boolean): Promise<void> {
    this.simulated = simulated;
    try {
      const { gpus, damaged } = await readBaseline(this.path, simulated);
      this.gpus = gpus;
      if (damaged !== undefined) this.options.warn(damaged);
    } catch (error) {
      this.refused(error);
    }
    this.loaded = true;
  }

  /**
   * Takes in what is seen now. Does nothing before `load` has ended, and says so with false: what was known must not be
   * overwritten.
   */
  observe(sightings: readonly Sighting[], nowUnixSeconds: number): boolean {
    if (this.loaded) this.replace(learn(this.gpus, sightings, nowUnixSeconds));
    return this.loaded;
  }

  /** Forgets a GPU that was taken out on purpose. False when there is none of that UUID. */
  async forget(uuid: string): Promise<boolean> {
    const gpus = forget(this.gpus, uuid);
    if (gpus.length === this.gpus.length) return false;
    this.replace(gpus);
    await this.writing;
    return true;
  }

  /** Ends when everything is written, or has been refused. */
  async flushed(): Promise<void> {
    await this.writing;
  }

  private get path(): string {
    return baselinePath(this.options.stateDirectory);
  }

  private replace(gpus: readonly BaselineGpu[]): void {
    if (gpus === this.gpus) return;
    this.gpus = gpus;
    this.writing = this.writing.then(() => this.write());
  }

  /** Writes what is known by now: of several changes in a row the later ones find nothing to do but the same. */
  private async write(): Promise<void> {
    try {
      await writeBaseline(this.path, this.gpus, this.simulated);
      this.notKept = undefined;
    } catch (error) {
      this.refused(error);
    }
  }

  private refused(error: unknown): void {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = `${this.path}: ${code ?? message}`;
    if (this.notKept === undefined && !this.simulated)
      this.options.warn(`the baseline of this node is not kept between starts: ${reason}`);
    this.notKept = reason;
  }
}
