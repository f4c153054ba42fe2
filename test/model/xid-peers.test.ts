import { describe, expect, it } from 'vitest';
import { DIFFERENCES } from '../../src/model/xid/differences.js';
import { differsFromGpud, differsFromNvidia, peersOf, XID_PEERS } from '../../src/model/xid/peers.js';
import { XID_CATALOGUE, xidFacts } from '../../src/model/xid.js';

const NUMBERS = Array.from({ length: 173 }, (_, index) => index + 1);

describe('what others say about XIDs', () => {
  it('is known of each row of the catalogue and of no other number', () => {
    expect(Object.keys(XID_PEERS).map(Number)).toEqual(XID_CATALOGUE.map(({ xid }) => xid));
    expect(peersOf(174)).toBeUndefined();
    expect(peersOf(5)).toEqual({ nvidia: 'unused' });
  });

  it('is the same only by what both mean', () => {
    const ours = { severity: 'critical', action: 'reset_gpu' } as const;
    expect(differsFromNvidia(ours, { nvidia: ['RST', 'SUP'] })).toBe(false);
    expect(differsFromNvidia(ours, { nvidia: ['IGN'] })).toBe(true);
    expect(differsFromNvidia(ours, { nvidia: ['WF 48', 'WF 48'] })).toBe(false);
    expect(differsFromNvidia(ours, { nvidia: 'unused' })).toBe(false);
    expect(differsFromGpud(ours, { nvidia: 'unused', gpud: 'F R+H' })).toBe(true);
    expect(differsFromGpud(ours, { nvidia: 'unused', gpud: 'W' })).toBe(true);
    expect(differsFromGpud(ours, { nvidia: 'unused' })).toBe(false);
    const watch = { severity: 'warning', action: 'watch' } as const;
    expect(differsFromGpud(watch, { nvidia: 'unused', gpud: 'W' })).toBe(false);
    expect(differsFromGpud(watch, { nvidia: 'unused', gpud: 'W I' })).toBe(false);
    expect(differsFromGpud({ ...watch, action: 'check_hardware' }, { nvidia: 'unused', gpud: 'W A+H' })).toBe(false);
  });

  it('has a reason wherever it is not what we say, and nowhere else', () => {
    const wrong = NUMBERS.flatMap((xid) => {
      const peers = peersOf(xid);
      if (peers === undefined) return [`${xid}: unknown`];
      const ours = xidFacts(xid);
      const { nvidia, gpud } = peers.difference ?? {};
      return [
        differsFromNvidia(ours, peers) === (nvidia !== undefined) ? [] : `${xid}: NVIDIA ${peers.nvidia}, ${nvidia}`,
        differsFromGpud(ours, peers) === (gpud !== undefined) ? [] : `${xid}: GPUd ${peers.gpud}, ${gpud}`,
      ].flat();
    });
    expect(wrong).toEqual([]);
  });

  it('differs for reasons that are all in use, each told in sentences', () => {
    const used = NUMBERS.flatMap((xid) => Object.values(peersOf(xid)?.difference ?? {}));
    expect(new Set(used)).toEqual(new Set(Object.keys(DIFFERENCES)));
    for (const { title, why } of Object.values(DIFFERENCES)) {
      expect(title).toMatch(/^[A-Z][^.]{5,70}$/);
      expect(why).toMatch(/^[A-Z].{80,320}\.$/);
    }
  });

  it('stands as in the facts, tried on some of them', () => {
    expect(XID_PEERS[13]).toMatchObject({ nvidia: ['APP', 'WF 13'], gpud: 'W A' });
    expect(XID_PEERS[31]).toMatchObject({ nvidia: ['APP', 'WF 31'], gpud: 'W A+H' });
    expect(XID_PEERS[45]).toMatchObject({ nvidia: ['WF 45', 'FM if alone'], gpud: 'W I' });
    expect(XID_PEERS[79]).toMatchObject({ nvidia: ['BM', 'SUP'], gpud: 'F R+H' });
    expect(XID_PEERS[94]).toMatchObject({ nvidia: ['APP', 'IGN if companion'], gpud: 'F R+I' });
    expect(XID_PEERS[133]?.gpud).toBeUndefined();
    expect(XID_PEERS[173]).toMatchObject({ nvidia: 'unlisted', gpud: 'W R' });
    expect(peersOf(42)).toMatchObject({ nvidia: 'unused', gpud: '? R' });
  });
});
