import type { StuckCallView } from '../http/documents/node.js';
import { spanText } from '../model/quantity.js';
import { placeOfCall } from '../model/stuck-call.js';
import { visible } from './text.js';

/** A driver call that does not come back, in one sentence. */
export function callText(call: StuckCallView): string {
  const where = placeOfCall(call) ?? `the ${call.lane} thread`;
  const sleeps = call.wchan === undefined ? '' : `, asleep in ${visible(call.wchan)}`;
  const thread = `process ${call.samplerPid}, thread ${call.tid}${call.threadState === undefined ? '' : ` (${visible(call.threadState)})`}`;
  return `${call.verdict}: ${visible(call.function)} of ${where} has not come back for ${spanText(call.seconds)} [${thread}${sleeps}]`;
}
