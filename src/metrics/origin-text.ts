/** `1-3, 7` of sorted numbers. */
function ranges(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let start = 0; start < numbers.length; ) {
    let end = start;
    while (numbers[end + 1] === (numbers[end] as number) + 1) end++;
    parts.push(end === start ? `${numbers[start]}` : `${numbers[start]}-${numbers[end]}`);
    start = end + 1;
  }
  return parts.join(', ');
}

/** Numbers written with one word before them: `field id 82`, `field ids 74, 76`. */
function numbered(word: string, numbers: readonly number[]): readonly string[] {
  if (numbers.length === 0) return [];
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  return [`${word}${sorted.length === 1 ? '' : 's'} ${ranges(sorted)}`];
}

/**
 * Where readings come from, for people: the origins that the tables of readings have (`FI 82`, `GPM 5`,
 * `nvmlDeviceGetClockInfo`), each once, in the order functions, field ids, GPM metrics.
 */
export function originText(origins: readonly string[]): string {
  const numbersOf = (pattern: RegExp) => origins.flatMap((origin) => pattern.exec(origin)?.slice(1).map(Number) ?? []);
  const others = origins.filter((origin) => !/^(?:FI|GPM) \d+$/.test(origin));
  return [
    ...new Set(others.map((origin) => origin.replace(/^FI /, 'field id '))),
    ...numbered('field id', numbersOf(/^FI (\d+)$/)),
    ...numbered('GPM metric', numbersOf(/^GPM (\d+)$/)),
  ].join(', ');
}
