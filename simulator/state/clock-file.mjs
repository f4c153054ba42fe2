// @ts-check
/**
 * The node's clock file; its format is a contract of docs/architecture.md. Shown monotonic time = shown base +
 * (CLOCK_MONOTONIC - base) * rate.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';

/**
 * @typedef {object} ClockState
 * @property {bigint} baseNanoseconds CLOCK_MONOTONIC of this machine
 * @property {bigint} shownNanoseconds monotonic time shown at the base
 * @property {bigint} realtimeOffsetNanoseconds realtime minus monotonic, as shown
 * @property {number} rate 1 = real speed, 0 = stopped
 */

const MAGIC = 'GNSCLK01';
const FILE_BYTES = 64;
const SECOND = 1_000_000_000n;

/** What a frozen clock shows first. */
const FROZEN_MONOTONIC_NANOSECONDS = 1_000n * SECOND;
const FROZEN_REALTIME_NANOSECONDS = BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n;

/** CLOCK_MONOTONIC of this machine, nanoseconds. */
export const realMonotonicNanoseconds = () => process.hrtime.bigint();

/** @returns {ClockState} the machine's own clocks */
export function runningClock() {
  const now = realMonotonicNanoseconds();
  const offset = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1_000)) * 1_000n - now;
  return { baseNanoseconds: now, shownNanoseconds: now, realtimeOffsetNanoseconds: offset, rate: 1 };
}

/** @returns {ClockState} standing at 1000 s and 2026-01-01T00:00:00Z */
export function frozenClock() {
  return {
    baseNanoseconds: realMonotonicNanoseconds(),
    shownNanoseconds: FROZEN_MONOTONIC_NANOSECONDS,
    realtimeOffsetNanoseconds: FROZEN_REALTIME_NANOSECONDS - FROZEN_MONOTONIC_NANOSECONDS,
    rate: 0,
  };
}

/**
 * @param {ClockState} clock
 * @returns {{ monotonicNanoseconds: bigint, realtimeNanoseconds: bigint }} what it shows now
 */
export function shownBy(clock) {
  const elapsed = Number(realMonotonicNanoseconds() - clock.baseNanoseconds) * clock.rate;
  const monotonicNanoseconds = clock.shownNanoseconds + BigInt(Math.trunc(elapsed));
  return { monotonicNanoseconds, realtimeNanoseconds: monotonicNanoseconds + clock.realtimeOffsetNanoseconds };
}

/**
 * The same clock with another base, so that a change of it takes effect from now on.
 * @param {ClockState} clock
 * @returns {ClockState}
 */
export function rebased(clock) {
  const { monotonicNanoseconds } = shownBy(clock);
  return { ...clock, baseNanoseconds: realMonotonicNanoseconds(), shownNanoseconds: monotonicNanoseconds };
}

/**
 * @param {string} path
 * @returns {ClockState}
 * @throws {Error} when it is no clock file
 */
export function readClock(path) {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(FILE_BYTES);
    if (readSync(file, bytes, 0, FILE_BYTES, 0) < FILE_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC) {
      throw new Error(`${path} is no clock file; make the node anew with "create"`);
    }
    return {
      baseNanoseconds: bytes.readBigInt64LE(16),
      shownNanoseconds: bytes.readBigInt64LE(24),
      realtimeOffsetNanoseconds: bytes.readBigInt64LE(32),
      rate: bytes.readDoubleLE(40),
    };
  } finally {
    closeSync(file);
  }
}

/**
 * Writes a new clock file or changes one that readers have mapped.
 * @param {string} path
 * @param {ClockState} clock
 */
export function writeClock(path, clock) {
  const file = openSync(path, 'a+');
  closeSync(file);
  const target = openSync(path, 'r+');
  try {
    const sequence = Buffer.alloc(16);
    readSync(target, sequence, 0, 16, 0);
    const before = sequence.readBigUInt64LE(8) & ~1n;
    sequence.write(MAGIC, 0, 'latin1');
    sequence.writeBigUInt64LE(before + 1n, 8);
    writeSync(target, sequence, 0, 16, 0);
    const fields = Buffer.alloc(FILE_BYTES - 16);
    fields.writeBigInt64LE(clock.baseNanoseconds, 0);
    fields.writeBigInt64LE(clock.shownNanoseconds, 8);
    fields.writeBigInt64LE(clock.realtimeOffsetNanoseconds, 16);
    fields.writeDoubleLE(clock.rate, 24);
    writeSync(target, fields, 0, fields.length, 16);
    sequence.writeBigUInt64LE(before + 2n, 8);
    writeSync(target, sequence, 8, 8, 8);
  } finally {
    closeSync(target);
  }
}
