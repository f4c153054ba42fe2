import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, open, rm } from 'node:fs/promises';
import { CommandError, EXIT } from './command.js';
import { visible } from './text.js';

/** Refuses a path where something is already, before any work is done for it. */
export function mustBeNew(path: string): void {
  if (existsSync(path)) throw taken(path);
}

/**
 * Writes a file that appears when it is whole, is for its owner alone (mode 0600), and replaces nothing.
 * Throws `CommandError` where it cannot be written.
 */
export async function writeNewFile(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    // Not a renaming: that would replace what somebody made meanwhile.
    await link(temporary, path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code === 'EEXIST' ? taken(path) : new CommandError(EXIT.problem, `${visible(path)}: ${visible(message)}`);
  } finally {
    await rm(temporary, { force: true });
  }
}

function taken(path: string): CommandError {
  return new CommandError(EXIT.usage, `${visible(path)} is there already. Name a new file, or remove it.`);
}
