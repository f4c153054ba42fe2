import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withoutDeceptive } from '../../src/model/deceptive-text.js';
import { kernelFault, kernelRecord } from '../../src/model/kernel-log.js';

describe('a record of /dev/kmsg', () => {
  it('is taken apart', () => {
    expect(kernelRecord('4,1234,5140900,-;NVRM: Xid (PCI:0000:65:00): 79\n SUBSYSTEM=pci\n')).toEqual({
      sequence: 1234,
      monotonicSeconds: 5.1409,
      message: 'NVRM: Xid (PCI:0000:65:00): 79',
    });
    expect(kernelRecord('3,9,1,-,caller=T42;a;b')).toMatchObject({ message: 'a;b' });
  });

  it.each(['12,1,1,-;NVRM: Xid (PCI:0000:65:00): 79', '8,1,1,-;NVRM: Xid', '30,1,1,-;x'])(
    'that a process wrote is none: %s',
    (record) => {
      expect(kernelRecord(record)).toBeUndefined();
    },
  );

  it.each(['', ';', '4,1,1', 'x,1,1,-;text', '4,1,-;text', `4,1,1,${'-'.repeat(1000)};text`, ' 4,1,1,-;text'])(
    'of another form is none (%#)',
    (record) => {
      expect(kernelRecord(record)).toBeUndefined();
    },
  );
});

const none = {
  gpuInstance: undefined,
  computeInstance: undefined,
  pid: undefined,
  processName: undefined,
};

describe('an XID in the kernel log', () => {
  it('has GPU, number, process and text', () => {
    expect(
      kernelFault('NVRM: Xid (PCI:0000:65:00): 31, pid=2280636, name=train.3, Ch 00000008, intr 00000000.'),
    ).toEqual({
      kind: 'xid',
      pciSlot: '0000:65:00',
      xid: 31,
      gpuInstance: undefined,
      computeInstance: undefined,
      pid: 2280636,
      processName: 'train.3',
      text: 'Ch 00000008, intr 00000000.',
    });
  });

  it.each([
    ['NVRM: Xid (PCI:0000:65:00): 79, GPU has fallen off the bus.', { xid: 79, text: 'GPU has fallen off the bus.' }],
    ['NVRM: Xid (PCI:0000:65:00): 79, ', { xid: 79, text: '' }],
    ['NVRM: Xid (PCI:0000:65:00): 79', { xid: 79, text: '' }],
    ['NVRM: Xid (0000:03:00): 14, Channel 00000001', { pciSlot: '0000:03:00', xid: 14, text: 'Channel 00000001' }],
    ['NVRM: Xid (PCI:0000:B3:00.0): 48, DBE', { pciSlot: '0000:b3:00', xid: 48, text: 'DBE' }],
    ['NVRM: Xid (PCI:00000009:01:00): 62, x', { pciSlot: '0009:01:00', xid: 62, text: 'x' }],
    ['NVRM: Xid (PCI:00012345:01:00): 62, x', { pciSlot: '12345:01:00', xid: 62, text: 'x' }],
    ["NVRM: Xid (PCI:0000:65:00): 119, pid='<unknown>', name=<unknown>, Timeout", { xid: 119, text: 'Timeout' }],
    ['NVRM: Xid (PCI:0000:65:00): 45, pid=<unknown>, Ch 1', { xid: 45, text: 'Ch 1' }],
    ['NVRM: Xid (PCI:0000:65:00): 175, something new', { xid: 175, text: 'something new' }],
  ])('without a process, older, newer: %s', (message, expected) => {
    expect(kernelFault(message)).toEqual({ kind: 'xid', pciSlot: '0000:65:00', ...none, ...expected });
  });

  it('names MIG instances and a process without a name', () => {
    expect(kernelFault('NVRM: Xid (PCI:0000:01:00 GPU-I:05): 94, pid=7194, Contained: CE')).toMatchObject({
      xid: 94,
      gpuInstance: 5,
      computeInstance: undefined,
      pid: 7194,
      processName: undefined,
      text: 'Contained: CE',
    });
    expect(kernelFault('NVRM: Xid (PCI:0000:3b:00 GPU-I:01 GPU-CI:02): 13, pid=9, name=a, b')).toMatchObject({
      gpuInstance: 1,
      computeInstance: 2,
      processName: 'a',
    });
  });

  it.each([
    'NVRM: GPU 0000:91:00.0: GPU has fallen off the bus.',
    'NVRM: GPU at PCI:0000:91:00: GPU has fallen off the bus.',
    'NVRM: GPU at PCI:0000:91:00 has fallen off the bus',
    'NVRM: GPU at 0000:91:00.0 has fallen off the bus.',
    'NVRM: The NVIDIA GPU 0000:91:00.0\\x0aNVRM: (PCI ID: 10de:2330) installed in this system has\\x0aNVRM: fallen off the bus and is not responding to commands.',
  ])('is 79 where a GPU fell off the bus without a number: %s', (message) => {
    expect(kernelFault(message)).toMatchObject({ kind: 'xid', pciSlot: '0000:91:00', xid: 79, pid: undefined });
  });

  it.each([
    '',
    'NVRM: GPU at PCI:0000:91:00: GPU-11111111-2222-3333-4444-555555555555',
    'NVRM: GPU 0000:91:00.0: GPU serial number is 1653723052734.',
    'NVRM: GPU has fallen off the bus.',
    'NVRM: Xid (PCI:0000:65:00): x, text',
    'NVRM: Xid (PCI:0000:65:00): 999999, text',
    'NVRM: Xid (PCI:0000:65:00): 79 text',
    'NVRM: Xid (PCI:65): 79, text',
    'nvidia-nvlink: x',
    '[ 12.5] NVRM: Xid (PCI:0000:65:00): 79, text',
    ' NVRM: Xid (PCI:0000:65:00): 79, text',
  ])('is not read out of other lines: %s', (message) => {
    expect(kernelFault(message)).toBeUndefined();
  });
});

describe('what a process writes into the kernel log', () => {
  it.each([
    'oom-kill: task=NVRM: Xid (PCI:0000:65:00): 79, pid=1',
    'traps: NVRM: Xid (PC[77] general protection',
    'a\\x0aNVRM: Xid (PCI:0000:65:00): 79, text',
    'a\nNVRM: Xid (PCI:0000:65:00): 79, text',
  ])('is no XID behind the start of a message: %s', (message) => {
    expect(kernelFault(message)).toBeUndefined();
  });

  it('is a name, whatever it says', () => {
    expect(kernelFault('NVRM: Xid (PCI:0000:65:00): 13, pid=7, name=NVRM: Xid (PCI:, Graphics')).toMatchObject({
      xid: 13,
      pid: 7,
      processName: 'NVRM: Xid (PCI:',
      text: 'Graphics',
    });
    expect(kernelFault('NVRM: Xid (PCI:0000:65:00): 13, pid=7, name=\\x0aNVRM: Xid, Graphics')).toMatchObject({
      processName: '?NVRM: Xid',
    });
  });

  it('takes no other number or process by a comma in its name', () => {
    expect(kernelFault('NVRM: Xid (PCI:0000:65:00): 13, pid=7, name=x, pid=1, name=, Graphics')).toMatchObject({
      xid: 13,
      pid: 7,
      processName: 'x',
      text: 'pid=1, name=, Graphics',
    });
  });

  it('is printable: escapes, marks that reorder text, broken bytes', () => {
    const name = (text: string) =>
      (kernelFault(`NVRM: Xid (PCI:0000:65:00): 13, pid=7, name=${text}, G`) as { processName?: string }).processName;
    expect(name('\\x1b[2J')).toBe('?[2J');
    expect(name('\\xe2\\x80\\xaetxt')).toBe('?txt');
    expect(name('caf\\xc3\\xa9')).toBe('café');
    expect(name('\\xff\\xfe')).toBe('\ufffd\ufffd');
    expect(name('a\\x5cx41')).toBe('a\\x41');
    expect(name('\u202eabc')).toBe('?abc');
    expect(name('')).toBeUndefined();
  });

  it('changes neither GPU, number nor pid, and leaves nothing that misleads a reader', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom(
        '\\x1b',
        '\\xe2\\x80\\xae',
        ', ',
        'pid=1',
        'name=',
        'NVRM: Xid (PCI:0000:65:00): 79, ',
        '\n',
        '\\x',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const found = kernelFault(`NVRM: Xid (PCI:0000:65:00): 13, pid=7, name=${pieces.join('')}, Graphics`);
        expect(found).toMatchObject({ kind: 'xid', pciSlot: '0000:65:00', xid: 13, pid: 7 });
        const { processName = '', text } = found as { processName?: string; text: string };
        expect(withoutDeceptive(processName + text, () => '')).toBe(processName + text);
        expect(processName.length).toBeLessThanOrEqual(15);
        expect(text.length).toBeLessThanOrEqual(400);
      }),
    );
  });

  it('is bounded', () => {
    const found = kernelFault(`NVRM: Xid (PCI:0000:65:00): 13, pid=7, name=${'n'.repeat(40)}, ${'t'.repeat(5000)}`);
    expect(found).toMatchObject({ processName: 'n'.repeat(15), text: 't'.repeat(400) });
    const long = kernelFault(`NVRM: Xid (PCI:0000:65:00): 13, pid=7, name=${'n'.repeat(5000)}`);
    expect(long).toMatchObject({ pid: 7, processName: undefined });
  });

  it.each([
    `NVRM: Xid (PCI:${'0'.repeat(200_000)}`,
    `NVRM: Xid (PCI:0000:65:00): 13, pid=${','.repeat(200_000)}`,
    `NVRM: Xid (PCI:0000:65:00): 13, pid=7, name=${'\\x41'.repeat(100_000)}`,
    `NVRM: The NVIDIA GPU 0000:91:00.0 ${'fallen off the bus '.repeat(20_000)}`,
    `nvidia-nvswitch0: SXid (PCI:0000:05:00.0): 1, ${'fata'.repeat(100_000)}`,
  ])('costs no more than its length (%#)', (message) => {
    // Backtracking over such a text would take hours: that the test ends is the proof.
    for (let i = 0; i < 50; i++) kernelFault(message);
    expect(kernelFault(message)?.text.length ?? 0).toBeLessThanOrEqual(400);
  });
});

describe('an SXid in the kernel log', () => {
  it.each([
    ['12028, Non-fatal, Link 32 egress non-posted PRIV error (First)', 12028, false],
    ['20034, Fatal, Link 30 LTSSM Fault Up', 20034, true],
    ['20034, Severity 1 Engine instance 30 Sub-engine instance 00', 20034, undefined],
    ['20034, Data {0x00000001, 0x00000000}', 20034, undefined],
    ['10001', 10001, undefined],
  ])('has number and whether it is fatal: %s', (rest, sxid, fatal) => {
    expect(kernelFault(`nvidia-nvswitch3: SXid (PCI:0000:c1:00.0): ${rest}`)).toEqual({
      kind: 'sxid',
      device: 'nvswitch3',
      pciSlot: '0000:c1:00',
      sxid,
      fatal,
      text: rest.split(', ').slice(1).join(', '),
    });
  });
});
