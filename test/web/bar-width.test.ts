import { expect, it } from 'vitest';
import { barWidthClass, barWidthRules } from '../../src/web/bar-width.js';

it('every width a bar can have has one rule', () => {
  const rules = barWidthRules();
  for (let thousandths = -100; thousandths <= 1200; thousandths++) {
    const name = barWidthClass(thousandths / 1000);
    expect(rules.split(`.${name} {`)).toHaveLength(2);
    expect(rules).toContain(`.${name} {\n  width: ${name.slice(1)}%;\n}`);
  }
  expect([barWidthClass(-1), barWidthClass(0.351), barWidthClass(7)]).toEqual(['w0', 'w36', 'w100']);
});
