import { type DestinationStream, type Logger, pino } from 'pino';
import type { Config } from '../config/config.js';
import { jsonLine } from './text.js';

/** A log that writes one line per event to the standard error output, where service managers collect it. */
export function openLog({ level, format }: Config['log'], destination: DestinationStream = toStandardError()): Logger {
  const plain = harmless(destination);
  const lines = format === 'json' ? plain : asLogfmt(plain);
  // Names, not numbers, for levels and an RFC 3339 time: what log pipelines expect. No pid and host name in each line;
  // the service manager adds them.
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, lines);
}

/** Synchronous: the last line before an end must not be lost, and lines are few. */
function toStandardError(): DestinationStream {
  return pino.destination({ fd: 2, sync: true });
}

/**
 * Names of containers, files and processes reach lines, and whoever writes them writes what a terminal would obey or a
 * reader would misread. pino escapes only what JSON demands; here it is everything that is not meant to be seen.
 */
function harmless(destination: DestinationStream): DestinationStream {
  return {
    write(line) {
      destination.write(`${jsonLine(line.endsWith('\n') ? line.slice(0, -1) : line)}\n`);
    },
  };
}

/** Rewrites pino's JSON lines as logfmt. */
function asLogfmt(destination: DestinationStream): DestinationStream {
  return {
    write(line) {
      const fields = Object.entries(JSON.parse(line) as Record<string, unknown>);
      destination.write(`${fields.map(([key, value]) => `${key}=${logfmtValue(value)}`).join(' ')}\n`);
    },
  };
}

function logfmtValue(value: unknown): string {
  const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
  return /^[\w./:@+-]+$/.test(text) ? text : JSON.stringify(text);
}
