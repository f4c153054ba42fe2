import { named } from './documents/words.js';
import { PROBLEM_TYPE, PROBLEMS, type ProblemCode, ProblemDocument } from './problem.js';

/** Schemas of the failures a route can answer with, by status. */
export function problems(...codes: readonly ProblemCode[]): Record<number, object> {
  const titles = new Map<number, string[]>();
  for (const code of codes) {
    const [status, title] = PROBLEMS[code];
    titles.set(status, [...(titles.get(status) ?? []), `${code}: ${title}.`]);
  }
  return Object.fromEntries(
    [...titles].map(([status, lines]) => [
      status,
      { description: lines.join(' '), content: { [PROBLEM_TYPE]: { schema: named(ProblemDocument) } } },
    ]),
  );
}
