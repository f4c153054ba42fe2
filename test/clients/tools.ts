import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where scripts/clients/ has put a client, by name. */
const placesFile = join(import.meta.dirname, '../../out/clients/places.json');
const places = existsSync(placesFile)
  ? (JSON.parse(readFileSync(placesFile, 'utf8')) as Readonly<Record<string, string>>)
  : {};

/**
 * What runs a client: a Python with it, or a program.
 * @returns "" where it could not be had; `npm run test:clients` says why, and fails for it in CI
 */
export function client(name: string): string {
  return places[name] ?? '';
}
