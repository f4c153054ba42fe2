import { rule, type Sight } from '../rule.js';

const SHOWN = 3;

/** `usage_file_refused`: one finding per reason, however many files a container owner damages. */
export const usageFileRefused = rule({
  code: 'usage_file_refused',
  title: 'HAMi usage files are refused',
  raised: 'A usage file is not of a known layout, is no regular file, or contradicts itself; one finding per reason.',
  cleared: 'No file is refused for this reason.',
  source: 'HAMi directories',
  severities: ['info'],
  actions: ['watch'],
  look: ({ hami }) =>
    Object.entries(hami?.refusedByReason ?? {}).map(([reason, count]): Sight => {
      const directories = (hami?.refused ?? []).filter((one) => one.reason === reason).map((one) => one.directory);
      return {
        severity: 'info',
        subject: { kind: 'node', id: `hami/${reason}` },
        reason: `${count} HAMi usage ${count === 1 ? 'file was' : 'files were'} not read: ${reason.replaceAll('_', ' ')}.`,
        evidence: { refusal: reason, files: count, directories: directories.slice(0, SHOWN).join(' ') },
        action: 'watch',
        nextStep:
          'The containers can write these files. If the workload is trusted, restart it so that its library makes a new file; else look at who owns it.',
      };
    }),
});
