/** Bars have widths in steps of this many percent, as classes: the page forbids style attributes. */
const STEP_PERCENT = 2;

/** Class of a bar that shows a ratio; what is outside 0–1 is shown as its end. */
export function barWidthClass(ratio: number): string {
  const percent = Math.min(1, Math.max(0, ratio)) * 100;
  return `w${Math.round(percent / STEP_PERCENT) * STEP_PERCENT}`;
}

/** Style rules of all widths. */
export function barWidthRules(): string {
  const steps = Array.from({ length: 100 / STEP_PERCENT + 1 }, (_, step) => step * STEP_PERCENT);
  return steps.map((percent) => `.w${percent} {\n  width: ${percent}%;\n}\n`).join('');
}
