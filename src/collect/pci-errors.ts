import type { PciErrors } from '../model/pci.js';

/** Texts of the three counter files. */
export interface ErrorFiles {
  readonly aer_dev_correctable: string | undefined;
  readonly aer_dev_nonfatal: string | undefined;
  readonly aer_dev_fatal: string | undefined;
}

/**
 * Total of one AER file. Names of single errors differ between kernels, and some have spaces: the number is behind the
 * last one, and the total has a line of its own.
 */
function totalOf(text: string | undefined): number | undefined {
  const total = /^TOTAL_ERR_\w+ (\d+)$/m.exec(text ?? '')?.[1];
  return total === undefined ? undefined : Number(total);
}

/** The counters they hold; undefined without all three: such a function has no AER capability. */
export function errorsOf(files: ErrorFiles): PciErrors | undefined {
  const correctable = totalOf(files.aer_dev_correctable);
  const nonFatal = totalOf(files.aer_dev_nonfatal);
  const fatal = totalOf(files.aer_dev_fatal);
  if (correctable === undefined || nonFatal === undefined || fatal === undefined) return undefined;
  return { correctable, nonFatal, fatal };
}
