import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFrozenFilesystem, type FrozenFilesystem } from '../../simulator/host/frozen-filesystem.mjs';
import { silenceFolder } from '../../simulator/host/silent-folder.mjs';
import { createNode } from '../../simulator/node.mjs';
import type { Cell } from './cells.js';

/** Folder that lists the driver's GPUs, in a node's directory. */
const LIST_OF_GPUS = 'host/proc/driver/nvidia/gpus';

/** A simulated node in a folder of its own, whose driver can be made to hang as a cell says. */
export class HangingNode {
  private readonly folder = mkdtempSync(join(tmpdir(), 'gna-hang-'));
  readonly simulated: ReturnType<typeof createNode>;
  private frozen: FrozenFilesystem | undefined;
  private silent: { readonly dispose: () => void } | undefined;

  constructor(scenario: string) {
    this.simulated = createNode(join(this.folder, 'node'), { scenario });
  }

  /** Makes the cell's function hang. */
  async hang(cell: Cell, gpu: number): Promise<void> {
    if (cell.subject === 'list of GPUs') {
      this.silent ??= await silenceFolder(join(this.simulated.directory, LIST_OF_GPUS));
      return;
    }
    if (cell.subject === 'handle, no list') {
      rmSync(join(this.simulated.directory, LIST_OF_GPUS), { recursive: true });
    }
    this.fault(cell, { function: cell.function, ...(cell.reach === 'gpu' ? { gpu } : {}) });
  }

  /** Makes every call hang that begins from now on. */
  hangEverything(cell: Cell): void {
    this.fault(cell, {});
  }

  /** One function answers a code, until the number given here is cleared. */
  answer(functionName: string, code: number): number {
    return this.simulated.fault({ function: functionName, code });
  }

  /** Ends every fault and wakes everything that sleeps. */
  heal(): void {
    this.simulated.clear();
    this.silent?.dispose();
    this.silent = undefined;
    this.frozen?.thaw();
  }

  dispose(): void {
    try {
      this.heal();
    } finally {
      this.frozen?.dispose();
      rmSync(this.folder, { recursive: true, force: true });
    }
  }

  private fault({ sleep }: Cell, target: { readonly function?: string; readonly gpu?: number }): void {
    if (sleep === 'killable') {
      this.simulated.fault({ ...target, hang: 'killable' });
      return;
    }
    this.frozen ??= createFrozenFilesystem(this.folder);
    this.frozen.freeze();
    this.simulated.fault({ ...target, hang: 'd-state', frozenFile: this.frozen.path('driver') });
  }
}
