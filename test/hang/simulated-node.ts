import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createFrozenFilesystem, type FrozenFilesystem } from '../../simulator/host/frozen-filesystem.mjs';
import type { Cell } from './cells.js';

const TOOL = fileURLToPath(new URL('../../simulator/bin/gpu-node-simulator.mjs', import.meta.url));

/** A simulated node in a folder of its own, driven by the simulator's own tool. */
export class SimulatedNode {
  readonly folder = mkdtempSync(join(tmpdir(), 'gna-hang-'));
  readonly directory = join(this.folder, 'node');
  private frozen: FrozenFilesystem | undefined;

  constructor(scenario: string) {
    this.tool('create', '--scenario', scenario);
  }

  /** Runs a command of the tool on this node; its answer. */
  tool(command: string, ...args: readonly string[]): string {
    return execFileSync(process.execPath, [TOOL, command, this.directory, ...args], {
      encoding: 'utf8',
      timeout: 60_000,
    });
  }

  /** The agent's flags for this node. */
  flags(): string[] {
    return this.tool('flags').trim().split('\n');
  }

  /** Makes the cell's function hang. */
  hang(cell: Cell, gpu: number): void {
    const target = ['--function', cell.function, ...(cell.reach === 'gpu' ? ['--gpu', `${gpu}`] : [])];
    if (cell.sleep === 'killable') {
      this.tool('fault', ...target, '--hang', 'killable');
      return;
    }
    this.frozen ??= createFrozenFilesystem(this.folder);
    this.frozen.freeze();
    this.tool('fault', ...target, '--hang', 'd-state', '--frozen-file', this.frozen.path('driver'));
  }

  /** One function answers a code until `end` is called with the number given here. */
  answer(functionName: string, code: number): string {
    return this.tool('fault', '--function', functionName, '--code', `${code}`).trim();
  }

  /** Ends one fault. */
  end(fault: string): void {
    this.tool('clear', '--id', fault);
  }

  /** Ends every fault and wakes everything that sleeps. */
  heal(): void {
    this.tool('clear');
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
}
