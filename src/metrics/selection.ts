import { FAMILIES } from './catalogue.js';
import type { Family } from './family.js';

/** Which families are rendered beside or without the usual ones. */
export interface Selection {
  /** Names of families that are off by default, or have lines that are, and are wanted whole. */
  readonly enabledFamilies?: readonly string[];
  /** Names of families that are on by default and not wanted. */
  readonly disabledFamilies?: readonly string[];
}

/** A family with the lines that are off by default. */
function whole(family: Family): Family {
  const { series, details } = family;
  if (details === undefined) return family;
  const all: Family['series'] =
    typeof series === 'function'
      ? (row, scene) => [...series(row, scene), ...details.series]
      : [...series, ...details.series];
  return { ...family, series: all };
}

/** The families that a selection asks for, sorted by name. Throws for a name that no family has. */
export function selectFamilies({ enabledFamilies = [], disabledFamilies = [] }: Selection): readonly Family[] {
  const known = new Set(FAMILIES.map(({ name }) => name));
  for (const name of [...enabledFamilies, ...disabledFamilies]) {
    if (!known.has(name)) throw new Error(`no metric family is named '${name}'; docs/metrics.md lists all`);
  }
  return FAMILIES.flatMap((family) => {
    const wanted = enabledFamilies.includes(family.name);
    if (family.optIn === true ? !wanted : disabledFamilies.includes(family.name)) return [];
    return [wanted ? whole(family) : family];
  });
}

/** Why no family of this name is rendered, where these are. */
export function notRendered(name: string, rendered: readonly string[]): string {
  const known = FAMILIES.find((family) => family.name === name);
  if (known?.optIn === true) return `${name} is off by default; --metrics.enable=${name} switches it on.`;
  if (known !== undefined) return `${name} is switched off by --metrics.disable.`;
  // Samples of OpenMetrics and of histograms have names of their own.
  const related = rendered.find(
    (one) => name.startsWith(`${one}_`) || one === `${name}_total` || one === `${name}_info`,
  );
  const hint = related === undefined ? 'docs/metrics.md lists all' : `did you mean ${related}?`;
  return `no family is named ${JSON.stringify(name)}; ${hint}`;
}
