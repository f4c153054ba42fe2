import { describe, expect, it } from 'vitest';
import { RULES } from '../../src/health/catalogue.js';
import { rule } from '../../src/health/rule.js';
import { parseTuning } from '../../src/health/tuning.js';

const HEAT = rule({
  code: 'too_hot',
  title: 'Too hot',
  raised: 'It is hot.',
  cleared: 'It is not.',
  source: 'test',
  severities: ['warning'],
  actions: ['watch'],
  timing: { raiseAfterSeconds: 60 },
  limits: { margin: { initial: 5, unit: 'celsius', minimum: 0, maximum: 50, says: 'how near' } },
  look: () => [],
});
const parse = (mute: readonly string[], tune: readonly string[]) => parseTuning([HEAT], { mute, tune });
const at = (id: string) => ({ code: 'too_hot', rule: 'too_hot', subject: { kind: 'gpu', id } as const });

describe('tuning', () => {
  it('changes limits and times of a rule, and leaves the others', () => {
    const { tuning, problems } = parse([], ['too_hot.margin=7', 'too_hot.clear_after=30']);
    expect(problems).toEqual([]);
    expect(tuning.limits(HEAT)).toEqual({ margin: 7 });
    expect(tuning.timing(HEAT)).toEqual({ raiseAfterSeconds: 60, clearAfterSeconds: 30 });
  });

  it('mutes a code, a code of one subject, or all of one subject, and says by which setting', () => {
    expect(parse(['too_hot'], []).tuning.mutedBy(at('GPU-0'))).toBe('health.mute: too_hot');
    const one = parse(['too_hot@GPU-0', '*@GPU-7'], []).tuning;
    expect(one.mutedBy(at('GPU-0'))).toBe('health.mute: too_hot@GPU-0');
    expect(one.mutedBy(at('GPU-1'))).toBeUndefined();
    expect(one.mutedBy({ code: 'other', rule: 'other', subject: { kind: 'gpu', id: 'GPU-7' } })).toBe(
      'health.mute: *@GPU-7',
    );
  });

  it.each([
    ['mute', 'too_cold', /no finding has the code "too_cold"/],
    ['mute', '*', /everything cannot be muted/],
    ['mute', 'too_hot@', /expected the id of a subject/],
    ['tune', 'too_hot', /expected <code>\.<limit>=<number>/],
    ['tune', 'too_cold.margin=1', /no finding has the code/],
    ['tune', 'too_hot.gap=1', /has no limit "gap". It has margin, raise_after, clear_after/],
    ['tune', 'too_hot.margin=51', /from 0 to 50, got "51"/],
    ['tune', 'too_hot.margin=', /expected a number of celsius/],
    ['tune', 'too_hot.constructor=1', /has no limit "constructor"/],
  ] as const)('refuses %s %s and says what was expected', (setting, text, message) => {
    const { problems } = setting === 'mute' ? parse([text], []) : parse([], [text]);
    expect(problems).toMatchObject([{ setting, text, message: expect.stringMatching(message) }]);
  });

  it('knows every rule of the catalogue', () => {
    for (const { code } of RULES) {
      const { problems } = parseTuning(RULES, { mute: [code], tune: [`${code}.raise_after=3`] });
      expect(problems).toEqual([]);
    }
  });
});
