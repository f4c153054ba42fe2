import type { PciBar } from '../model/pci.js';

const MEMORY = 0x200n;
const PREFETCHABLE = 0x2000n;
const WINDOW_64 = 0x100000n;
const UNSET = 0x20000000n;
const BARS = 6;

/**
 * The windows of a function's `resource` file: a line of start, end and flags for each. A line of zeros is no window
 * of one byte but none; a window without an address (flag unset) has a size that means nothing.
 */
export function barsOf(text: string): readonly PciBar[] {
  return text
    .split('\n')
    .slice(0, BARS)
    .flatMap((line, index) => {
      const words = line.trim().split(/\s+/);
      if (words.length !== 3 || !words.every((word) => /^0x[0-9a-f]+$/i.test(word))) return [];
      const [start = 0n, end = 0n, flags = 0n] = words.map(BigInt);
      if ((flags & MEMORY) === 0n || (flags & UNSET) !== 0n || end <= start) return [];
      return {
        index,
        sizeBytes: Number(end - start + 1n),
        is64Bit: (flags & WINDOW_64) !== 0n,
        prefetchable: (flags & PREFETCHABLE) !== 0n,
      };
    });
}
