import { describe, expect, it } from 'vitest';
import { decodeNvLink5, NVLINK5_ADVICE } from '../../src/model/xid/nvlink5.js';

const hex = (value: number) => `0x${value.toString(16).padStart(8, '0')}`;

function verdict(xid: number, unit: string, status: number, word = 'Nonfatal') {
  return decodeNvLink5(xid, `${unit} ${word} XC0 i0 Link 03 (0x00086226 ${hex(status)} 0x00000000)`)?.verdict;
}

describe('a line of NVLink 5', () => {
  it('is read as the driver writes it', () => {
    const text =
      'NETIR_LINK_EVT  Fatal   XC0 i0 Link 01 (0x021425c6 0x00000000 0x00000000 0x00000000 0x00000000 0x00000000)';
    expect(decodeNvLink5(149, text)).toEqual({
      unit: 'NETIR_LINK_EVT',
      fatal: true,
      link: 1,
      intrInfo: 0x021425c6,
      errorStatus: 0,
      subCode: 0x21,
      verdict: 'reset',
      resetIfAgain: false,
    });
  });

  it.each([
    ['RLW_SRC_TRACK Nonfatal XC1 i0 Link 12 (0x040988e2 0x00000008 0x00000000)', 12, 8],
    ['RLW_SRC_TRACK Non-fatal Link 7 [0x00000000 0x00000004]', 7, 4],
    ['RLW_SRC_TRACK Nonfatal XC 1 i 2 Link 01 [0x0000000a]', 1, undefined],
  ])('is read in older and newer spelling: %s', (text, link, errorStatus) => {
    expect(decodeNvLink5(145, text)).toMatchObject({ fatal: false, link, errorStatus, verdict: 'evaluate' });
  });

  it.each([
    '',
    'NETIR_INT',
    'NETIR_INT Fatal Link 1',
    'NETIR_INT Fatal XC0 i0 Link 1 ()',
    'NETIR_INT Fatal XC0 i0 Link 1234 (0x1)',
    'NETIR_INT Fatal XC0 i0 Link 1 (0x123456789)',
    'NETIR_INT Grave XC0 i0 Link 1 (0x1)',
    'x, NETIR_INT Fatal XC0 i0 Link 1 (0x1)',
    'No, NETIR_BER_EVENT Nonfatal XC0 i0 Link 1 (0x1)',
    `A${'_'.repeat(100_000)} Fatal`,
    `NETIR_INT${' '.repeat(100_000)}`,
    `NETIR_INT Fatal Link 1 (${'0x1 '.repeat(50_000)})`,
  ])('is refused when it is something else (%#)', (text) => {
    expect(decodeNvLink5(149, text)).toBeUndefined();
  });

  it('is one of XIDs 144 to 150 only', () => {
    const text = 'MSE_WATCHDOG Fatal XC0 i0 Link 00 (0x00000000 0x00000001)';
    expect(decodeNvLink5(143, text)).toBeUndefined();
    expect(decodeNvLink5(151, text)).toBeUndefined();
    expect(decodeNvLink5(150, text)?.verdict).toBe('reset');
  });
});

describe('the verdict on an NVLink 5', () => {
  /** nvml.md §13.2, row by row: statuses that ask for a reset, for the driver's recommendation, for nothing. */
  const ROWS: [xid: number, unit: string, reset: number[], evaluate: number[], ignore: number[]][] = [
    [144, 'SAW_MVB', [0x2, 0x10], [], [0x1, 0x4, 0x8, 0x20]],
    [145, 'RLW_CTRL', [], [], [0x80000000]],
    [145, 'RLW_REMAP', [0x40, 0x80], [0x1, 0x2, 0x4, 0x8, 0x10, 0x20], [0x100, 0x200, 0x80000000]],
    [145, 'RLW_RSPCOL', [0x2], [], [0x1, 0x80000000]],
    [145, 'RLW_RXPIPE', [], [], [0x1, 0x2, 0x4, 0x8, 0x80000000]],
    [145, 'RLW_SRC_TRACK', [0x1, 0x10, 0x20], [0x4, 0x8], [0x2, 0x80000000]],
    [145, 'RLW_TAGSTATE', [0x2, 0x20000, 0x100000], [], [0x1, 0x10000, 0x80000000]],
    [146, 'TLW_CTRL', [0x4], [], [0x1, 0x2, 0x80000000]],
    [146, 'TLW_RX_PIPE0', [0x4], [], [0x1, 0x2, 0x80000000]],
    [146, 'TLW_RX_PIPE1', [0x4], [], [0x1, 0x2, 0x80000000]],
    [146, 'TLW_TX_PIPE0', [0x4], [], [0x1, 0x2, 0x80000000]],
    [146, 'TLW_TX_PIPE1', [0x4], [], [0x1, 0x2, 0x80000000]],
    [147, 'TREX', [], [], [0x0, 0x1, 0x7fffffff]],
    [148, 'NVLPW_CTRL', [], [], [0x80000000]],
    [149, 'NETIR_INT', [0x0, 0x1, 0xffffffff], [], []],
    [149, 'NETIR_BER_EVENT', [], [], [0x0, 0x1, 0xffffffff]],
    [149, 'NETIR_LINK_DOWN', [0x0, 0x1, 0xffffffff], [], []],
    [149, 'NETIR_MFDE_EVENT', [0x1, 0x4, 0x5, 0x7], [], [0x3]],
    [150, 'MSE_WATCHDOG', [0x0, 0x1], [], []],
  ];

  it.each(ROWS)('of XID %i, %s follows the table', (xid, unit, reset, evaluate, ignore) => {
    expect(reset.map((status) => verdict(xid, unit, status))).toEqual(reset.map(() => 'reset'));
    expect(evaluate.map((status) => verdict(xid, unit, status))).toEqual(evaluate.map(() => 'evaluate'));
    expect(ignore.map((status) => verdict(xid, unit, status))).toEqual(ignore.map(() => 'ignore'));
  });

  it('is the gravest of several bits', () => {
    expect(verdict(145, 'RLW_SRC_TRACK', 0x2 | 0x4)).toBe('evaluate');
    expect(verdict(145, 'RLW_SRC_TRACK', 0x2 | 0x4 | 0x10)).toBe('reset');
    expect(verdict(145, 'RLW_TAGSTATE', 0x80000000 + 0x1)).toBe('ignore');
  });

  it('never makes less of a fault than the driver does', () => {
    expect(verdict(147, 'TREX', 0x1, 'Fatal')).toBe('evaluate');
    expect(verdict(144, 'SAW_MVB', 0x1, 'Fatal')).toBe('evaluate');
  });

  it("of what no table has goes by the driver's word", () => {
    expect(verdict(144, 'SAW_MVB', 0x40)).toBe('evaluate');
    expect(verdict(144, 'SAW_MVB', 0x40, 'Fatal')).toBe('reset');
    expect(verdict(144, 'SAW_MVB', 0x0, 'Fatal')).toBe('reset');
    expect(verdict(149, 'NETIR_MFDE_EVENT', 0x2)).toBe('evaluate');
    expect(verdict(145, 'NEW_UNIT', 0x1)).toBe('evaluate');
    expect(verdict(145, 'CONSTRUCTOR', 0x1, 'Fatal')).toBe('reset');
    expect(verdict(144, 'TREX', 0x1)).toBe('evaluate');
  });

  it('of RLW_RXPIPE changes when it comes a second time', () => {
    const again = (status: number) =>
      decodeNvLink5(145, `RLW_RXPIPE Nonfatal XC0 i0 Link 03 (0x0 ${hex(status)})`)?.resetIfAgain;
    expect([0x1, 0x2, 0x4, 0x8, 0x80000000].map(again)).toEqual([true, true, true, false, false]);
  });

  it('has severity and action', () => {
    expect(NVLINK5_ADVICE.reset).toEqual({ severity: 'critical', action: 'reset_gpu' });
    expect(NVLINK5_ADVICE.evaluate).toEqual({ severity: 'warning', action: 'watch' });
    expect(NVLINK5_ADVICE.ignore).toEqual({ severity: 'info', action: 'none' });
  });
});
