import { describe, expect, it } from 'vitest';
import { eventText } from '../../src/model/event.js';
import { RECOVERY_ACTIONS, recoveryActionIn, recoveryAdvice } from '../../src/model/recovery-action.js';
import { isUnlistedXid } from '../../src/model/xid/unlisted.js';
import { XID_CATALOGUE, xidFacts, xidTogether } from '../../src/model/xid.js';

/** The XIDs by class as they stand in nvml.md §13; 154 is decided by the driver's value and else says nothing. */
const CLASSES = {
  info: [37, 43, 45, 106, 107, 141, 147, 148, 152, 153, 154, 162, 171],
  app: [
    8, 11, 13, 25, 31, 32, 39, 40, 41, 60, 65, 68, 69, 70, 71, 72, 73, 75, 76, 77, 80, 82, 83, 84, 85, 86, 88, 89, 96,
    97, 98, 99, 100, 101, 102, 103, 104, 105, 126, 127, 128, 129, 130, 131, 132, 133, 134, 135, 137, 139, 142,
  ],
  warn: [12, 16, 26, 38, 44, 56, 66, 67, 78, 92, 93, 108, 121, 122, 123, 124, 125, 144, 145, 146, 159, 163, 164, 170],
  degraded: [63, 94, 156, 157, 160, 161, 165, 168],
  critical: [18, 46, 48, 59, 61, 62, 64, 74, 95, 109, 110, 119, 120, 136, 140, 149, 150, 151, 155, 158, 166, 169, 172],
  fatal: [54, 57, 58, 79, 81, 143, 167, 173],
} as const;

/** Actions that the facts name outright, of rows that are no series. */
const ACTIONS = {
  reset_gpu: [
    46, 48, 57, 58, 59, 61, 62, 63, 64, 74, 95, 109, 110, 119, 120, 136, 140, 143, 149, 150, 155, 156, 158, 166,
  ],
  reboot_node: [18, 79, 167, 173],
  restart_workload: [8, 11, 13, 25, 31, 32, 39, 60, 68, 80, 94, 108, 137, 142, 151, 170],
  fix_configuration: [78],
  watch: [12, 38, 44, 66, 92, 93, 121, 123, 144, 159, 160, 163],
  none: [37, 43, 45, 106, 141, 147, 152, 162, 171],
  check_hardware: [54, 81, 164],
  replace: [157, 161, 165, 168],
} as const;

const texts = () =>
  XID_CATALOGUE.flatMap(({ xid, meaning, nextStep, onRepeat, with: companions = [] }) =>
    [meaning, nextStep, onRepeat?.nextStep ?? '', ...companions.map(({ says }) => says)].map((text) => ({ xid, text })),
  );

describe('the catalogue of XIDs', () => {
  it('has each number of the facts once, in order, in its class', () => {
    const expected = Object.entries(CLASSES).flatMap(([name, numbers]) => numbers.map((xid) => [xid, name] as const));
    expected.sort(([a], [b]) => a - b);
    expect(XID_CATALOGUE.map((row) => [row.xid, row.class])).toEqual(expected);
  });

  it.each(Object.entries(ACTIONS))('asks for %s where the facts do', (action, numbers) => {
    expect(numbers.filter((xid) => xidFacts(xid).action !== action)).toEqual([]);
  });

  it('knows 1 to 173 without a gap: what is not listed is unused', () => {
    for (let xid = 1; xid <= 173; xid++) {
      expect(XID_CATALOGUE.some((row) => row.xid === xid)).toBe(!isUnlistedXid(xid));
    }
    expect(isUnlistedXid(0)).toBe(false);
    expect(isUnlistedXid(174)).toBe(false);
  });

  it('is as grave as the class', () => {
    const grave = {
      info: 'info',
      app: 'info',
      warn: 'warning',
      degraded: 'warning',
      critical: 'critical',
      fatal: 'critical',
    };
    expect(XID_CATALOGUE.filter((row) => row.severity !== grave[row.class])).toEqual([]);
  });

  it('lets information and warnings end by themselves, and what needs a reset not', () => {
    for (const { xid, severity, action, until } of XID_CATALOGUE) {
      if (severity === 'info') expect([xid, until]).toEqual([xid, 'quiet']);
      if (severity === 'critical') expect([xid, until]).not.toEqual([xid, 'quiet']);
      if (action === 'reset_gpu' || action === 'reboot_node') expect([xid, until]).toEqual([xid, 'reset']);
      if (action === 'replace') expect([xid, until]).toEqual([xid, 'repair']);
    }
  });

  it('drains wherever it resets', () => {
    for (const row of XID_CATALOGUE) {
      for (const { action, nextStep } of [row, row.onRepeat ?? row]) {
        if (action === 'reset_gpu')
          expect([row.xid, nextStep]).toEqual([row.xid, expect.stringMatching(/move the workloads/i)]);
      }
    }
  });

  it('grows graver by repetition, never milder', () => {
    const order = ['info', 'warning', 'critical'];
    for (const { xid, severity, onRepeat } of XID_CATALOGUE) {
      if (onRepeat === undefined) continue;
      expect([xid, order.indexOf(onRepeat.severity) >= order.indexOf(severity)]).toEqual([xid, true]);
    }
    expect(xidFacts(13).onRepeat).toMatchObject({ when: 'other_workload', action: 'check_hardware' });
    expect(xidFacts(38).onRepeat).toMatchObject({ when: 'again', action: 'reset_gpu' });
    expect(xidFacts(48).onRepeat).toMatchObject({ when: 'after_reset', action: 'replace' });
  });

  it('speaks in short phrases and whole sentences, without names of constants', () => {
    for (const { xid, meaning, nextStep, onRepeat } of XID_CATALOGUE) {
      expect([xid, meaning.length <= 90, /[.]$/.test(meaning)]).toEqual([xid, true, false]);
      for (const step of [nextStep, onRepeat?.nextStep ?? 'None.']) {
        expect([xid, /^[A-Z].*\.$/.test(step), step.length <= 420]).toEqual([xid, true, true]);
      }
    }
    // NVIDIA's tables name each XID by a constant: such a word would be theirs, but for what a reader has to look for.
    const constants = texts().flatMap(({ text }) => text.match(/\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/g) ?? []);
    expect(new Set(constants)).toEqual(new Set(['NETIR_BER_EVENT', 'ROW_REMAPPER']));
    expect(texts().filter(({ text }) => /[^\x20-\x7e]|\s{2}/.test(text))).toEqual([]);
  });

  it('names only XIDs that there are as companions', () => {
    for (const { xid, with: companions = [] } of XID_CATALOGUE) {
      for (const { xids, role } of companions) {
        if (xids === 'any') continue;
        for (const other of xids) {
          expect(XID_CATALOGUE.some((row) => row.xid === other)).toBe(true);
          // Who leads is followed, and the other way round.
          const back = xidFacts(other).with?.find((one) => one.xids !== 'any' && one.xids.includes(xid));
          expect([xid, other, back?.role]).toEqual([xid, other, role === 'leads' ? 'follows' : 'leads']);
        }
      }
    }
  });
});

describe('an XID without a row', () => {
  it.each([1, 9, 42, 118, 138])('%i is unused: information, nothing to do', (xid) => {
    expect(xidFacts(xid)).toMatchObject({ xid, class: 'info', severity: 'info', action: 'none', until: 'quiet' });
  });

  it.each([0, 174, 500, 2 ** 32, 999])('%i is unknown: a warning that points to the driver', (xid) => {
    expect(xidFacts(xid)).toMatchObject({ xid, class: 'warn', severity: 'warning', action: 'watch' });
    expect(xidFacts(xid).nextStep).toContain('gpu_recovery_action');
  });
});

describe('XIDs together', () => {
  const together = (xid: number, ...others: number[]) => xidTogether(xid, new Set([xid, ...others]));

  it('stand for themselves alone', () => {
    expect(together(48)).toEqual({ partOf: undefined, severity: 'critical', says: [] });
    expect(together(45)).toEqual({ partOf: undefined, severity: 'info', says: [] });
    expect(together(172).partOf).toBeUndefined();
  });

  it('make one finding of 48 and its details', () => {
    expect([63, 64, 94, 95, 171, 172].map((xid) => together(xid, 48).partOf)).toEqual(Array(6).fill(48));
    expect(together(48, 63, 171).says).toHaveLength(2);
  });

  it('take the gravest that the details say', () => {
    expect(together(48, 94)).toMatchObject({ partOf: undefined, severity: 'warning' });
    expect(together(48, 94, 63).severity).toBe('warning');
    expect(together(48, 94, 172).severity).toBe('critical');
    expect(together(48, 95).severity).toBe('critical');
  });

  it('take torn channels as part of what tore them, not of other information', () => {
    expect(together(45, 79).partOf).toBe(79);
    expect(together(43, 13).partOf).toBe(13);
    expect(together(45, 43).partOf).toBeUndefined();
    expect(together(43, 45).partOf).toBeUndefined();
    expect(together(45, 154).partOf).toBeUndefined();
  });
});

describe("the driver's recovery action", () => {
  it('has a step for each value of field 230', () => {
    expect(RECOVERY_ACTIONS.map(({ name, action }) => [name, action])).toEqual([
      ['none', 'none'],
      ['gpu_reset', 'reset_gpu'],
      ['node_reboot', 'reboot_node'],
      ['drain_p2p', 'drain'],
      ['drain_and_reset', 'reset_gpu'],
      ['recover_imex_domain', 'fix_configuration'],
      ['bus_reset', 'reset_gpu'],
      ['system_reboot', 'reboot_node'],
    ]);
    expect(recoveryAdvice(0).severity).toBe('info');
    expect(recoveryAdvice(1).severity).toBe('critical');
    expect(recoveryAdvice(4)).toMatchObject({ name: 'drain_and_reset', severity: 'warning' });
  });

  it.each([8, 255, -1, 0.5])('is unknown for %d: a warning', (value) => {
    expect(recoveryAdvice(value)).toMatchObject({ name: 'unknown', severity: 'warning', action: 'watch' });
  });
});

describe('the text of an XID 154 in the kernel log', () => {
  it.each([
    ['GPU recovery action changed from 0x0 (None) to 0x4 (Drain and Reset)', 4],
    ['GPU recovery action changed from 0x4 (Drain and Reset) to 0x0 (None)', 0],
    ['GPU recovery action changed from 0x0 (None) to 0xa (New)', 10],
    ['GPU recovery action changed from 0x0 (None) to 0x123456789 (New)', undefined],
    ['x, GPU recovery action changed from 0x0 (None) to 0x1 (GPU Reset Required)', undefined],
    ['GPU recovery action changed', undefined],
    ['', undefined],
  ])('says what the driver recommends now: %s', (text, value) => {
    expect(recoveryActionIn(text)).toBe(value);
  });
});

describe('the text of an XID event', () => {
  it.each([
    [79, 'XID 79: GPU fell off the PCIe bus'],
    [131, 'XID 131: copy engine 15 met a fault in the work of a program'],
    [139, 'XID 139: optical-flow engine 1 met a fault in the work of a program'],
    [98, 'XID 98: video decoder 7 met a fault in the work of a program'],
    [105, 'XID 105: JPEG engine 7 met a fault in the work of a program'],
    [9, 'XID 9: not used on GPUs of the Ampere generation and newer'],
    [174, 'XID 174: a number this agent has no meaning for'],
    [999, 'XID 999: an error the driver has no number for'],
  ])('of %i says what it means', (code, text) => {
    expect(eventText('xid', code)).toBe(text);
  });
});
