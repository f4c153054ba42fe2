/** Seconds of each unit, in the letters Prometheus and Go users write. */
const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
};

const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/y;

/**
 * Seconds of a duration such as `500ms`, `10m` or `1h30m`. Undefined when the text is not one: a bare number has no
 * unit and is refused, because seconds and milliseconds are both a common guess.
 */
export function parseDurationSeconds(text: string): number | undefined {
  let seconds = 0;
  let position = 0;
  while (position < text.length) {
    PART.lastIndex = position;
    const part = PART.exec(text);
    if (part === null) return undefined;
    seconds += Number(part[1]) * (UNIT_SECONDS[part[2] as string] as number);
    position = PART.lastIndex;
  }
  return position === 0 ? undefined : Math.round(seconds * 1e6) / 1e6;
}

/** The shortest text that `parseDurationSeconds` reads back as the same number, e.g. `1h30m`. */
export function formatDuration(seconds: number): string {
  let milliseconds = Math.round(seconds * 1_000);
  if (milliseconds === 0) return '0s';
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const size = Math.round((UNIT_SECONDS[unit] as number) * 1_000);
    const count = Math.floor(milliseconds / size);
    if (count === 0) continue;
    text += `${count}${unit}`;
    milliseconds -= count * size;
  }
  return text;
}
