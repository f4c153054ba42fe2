import { anonymised, captureText, parseCapture } from './capture-lines.js';
import { Pseudonyms } from './pseudonyms.js';

/** Members of documents, and labels of metrics, that name somebody. */
const SERIALS = /^(?:serial|chassisSerial|chassis_serial|platform_chassis_serial)$/;
const NAMES = /^(?:pod|namespace|container|user|unit|command|process|process_name|vm|job|hostname|hostName|workload)$/;
const LABEL = /([A-Za-z_]+)="((?:[^"\\]|\\.)*)"/g;
const PID = /\b(pid|PID)(["'\s=:]{1,4})(\d+)/g;
/** What the module writes of a process after an XID. */
const PROCESS_NAME = /\bname=([^,\n]+)/g;

/**
 * The texts of a bundle with pseudonyms for what names somebody: as in a capture, and names of workloads, pods, users and
 * commands. Throws when an original would still stand in one.
 */
export function anonymiseTexts(texts: ReadonlyMap<string, string>, hostName: string): Map<string, string> {
  const pseudonyms = new Pseudonyms();
  pseudonyms.learn('host name', hostName);
  for (const text of texts.values()) learn(text, pseudonyms);
  const result = new Map<string, string>();
  for (const [name, text] of texts) {
    result.set(name, name.endsWith('.capture') ? captureOf(text, pseudonyms) : replace(name, text, pseudonyms));
  }
  const left = [...result].filter(([, text]) => pseudonyms.leftIn(text).length > 0).map(([name]) => name);
  if (left.length > 0) throw new Error(`originals would still stand in ${left.join(', ')}; nothing was written`);
  return result;
}

function captureOf(text: string, pseudonyms: Pseudonyms): string {
  return captureText(anonymised(parseCapture(text), pseudonyms));
}

function learn(text: string, pseudonyms: Pseudonyms): void {
  pseudonyms.learnUuids(text);
  for (const [, label = '', value = ''] of text.matchAll(LABEL)) learnOne(label, value, pseudonyms);
  for (const [, name = ''] of text.matchAll(PROCESS_NAME)) pseudonyms.learn('name', name.trim());
  const document = parsed(text);
  if (document === undefined) return;
  JSON.stringify(document, (key, value: unknown) => {
    if (typeof value === 'string') learnOne(key, value, pseudonyms);
    if (key === 'workloads' && Array.isArray(value)) {
      for (const { name } of value as { name?: unknown }[])
        if (typeof name === 'string') pseudonyms.learn('name', name);
    }
    return value;
  });
}

function learnOne(key: string, value: string, pseudonyms: Pseudonyms): void {
  if (SERIALS.test(key)) pseudonyms.learn('serial', value);
  else if (NAMES.test(key)) pseudonyms.learn('name', value);
}

function replace(name: string, text: string, pseudonyms: Pseudonyms): string {
  const replaced = pseudonyms.inText(text);
  const document = name.endsWith('.json') ? parsed(replaced) : undefined;
  if (document !== undefined) {
    const isPid = (key: string, value: unknown): value is number => /pid$/i.test(key) && typeof value === 'number';
    const plain = (key: string, value: unknown) => (isPid(key, value) && value > 0 ? pseudonyms.pid(value) : value);
    return `${JSON.stringify(document, plain, 2)}\n`;
  }
  return replaced.replace(PID, (_, word: string, between: string, pid: string) => {
    return `${word}${between}${pseudonyms.pid(Number(pid))}`;
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
