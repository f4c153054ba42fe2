import { describe, expect, it } from 'vitest';
import { FLAP_QUIET_SECONDS, FLAP_WINDOW_SECONDS, isFlapping, type Life, lived } from '../../src/health/life.js';
import type { Observation, Timing } from '../../src/health/rule.js';

const SUBJECT = { kind: 'gpu', id: 'GPU-0' } as const;
const HOT: Observation = {
  subject: SUBJECT,
  severity: 'warning',
  reason: 'hot',
  evidence: {},
  action: 'watch',
  nextStep: 'Wait.',
};
const UNSEEN: Observation = { subject: SUBJECT, unseen: true };
const AT_ONCE: Timing = { raiseAfterSeconds: 0, clearAfterSeconds: 0 };

/** Lives through `looks`, a letter each every `step` seconds: `x` seen, `.` well, `?` nobody can tell. */
function liveThrough(looks: string, timing: Timing, step = 10): { open: string; last: Life | undefined } {
  let life: Life | undefined;
  let open = '';
  looks.split('').forEach((look, index) => {
    const monotonicSeconds = index * step;
    const observation = look === 'x' ? HOT : look === '?' ? UNSEEN : undefined;
    life = lived(life, observation, timing, { monotonicSeconds, unixSeconds: 1000 + monotonicSeconds });
    open += life?.openSinceUnixSeconds === undefined ? '-' : '#';
  });
  return { open, last: life };
}

describe('a finding', () => {
  it('is said at once and ends at once without a waiting time', () => {
    expect(liveThrough('.xx.', AT_ONCE).open).toBe('-##-');
  });

  it('is not said before its condition has held without a break', () => {
    expect(liveThrough('xx.xxxx', { raiseAfterSeconds: 30, clearAfterSeconds: 0 }).open).toBe('------#');
  });

  it('says since when the condition held, not since when it was said', () => {
    const { last } = liveThrough('.xxxx', { raiseAfterSeconds: 30, clearAfterSeconds: 0 });
    expect(last?.openSinceUnixSeconds).toBe(1010);
  });

  it('ends when the condition has been gone long enough, and not when it came back meanwhile', () => {
    expect(liveThrough('x..x....', { raiseAfterSeconds: 0, clearAfterSeconds: 30 }).open).toBe('######--');
  });

  it('stays said while nobody can tell, and is not begun by that', () => {
    const { open, last } = liveThrough('?x????', AT_ONCE);
    expect(open).toBe('-#####');
    expect(last?.condition).toBe('unseen');
    expect(liveThrough('x?x', { raiseAfterSeconds: 20, clearAfterSeconds: 0 }).open).toBe('---');
  });

  it('that comes and goes is flapping: it stays until it has been quiet for long', () => {
    const { open, last } = liveThrough('x.x.x.x.', AT_ONCE);
    expect(open).toBe('#-#-####');
    expect(last !== undefined && isFlapping(last)).toBe(true);
    expect(last?.beginnings).toHaveLength(4);
    const quiet = FLAP_QUIET_SECONDS / 10;
    expect(liveThrough(`x.x.x${'.'.repeat(quiet + 5)}`, AT_ONCE).open).toMatch(/#-{6}$/);
  });

  it('that began seldom is not flapping', () => {
    const gap = '.'.repeat(FLAP_WINDOW_SECONDS / 10);
    expect(liveThrough(`x${gap}x${gap}x${gap}`, AT_ONCE).last).toBeUndefined();
  });

  it('leaves nothing behind when it has ended and its beginnings are old', () => {
    expect(liveThrough(`x${'.'.repeat(FLAP_WINDOW_SECONDS / 10)}`, AT_ONCE).last).toBeUndefined();
  });
});
