import type { ResumeView } from '../http/documents/control.js';
import { askControl } from './ask.js';
import { type Command, EXIT } from './command.js';
import { visible } from './text.js';

/** `gpu-node-agent resume` */
export const resume: Command = {
  name: 'resume',
  summary: 'Take released GPUs up again',
  operands: '',
  operandCount: [0, 0],
  flags: [
    { name: 'gpu', value: 'an index, UUID or PCI bus id', description: 'The GPU; all released GPUs without it.' },
  ],
  details: [],
  async run(invocation) {
    const gpu = invocation.flag('gpu');
    const result = await askControl<ResumeView>(invocation, {
      method: 'POST',
      path: '/v1/resume',
      body: gpu === undefined ? {} : { gpu },
    });
    if (invocation.json) {
      invocation.printJson(result);
      return EXIT.ok;
    }
    const { resumed, stillReleased } = result;
    invocation.print(
      resumed.length === 0 ? 'Nothing had been released.' : `Taken up again: ${resumed.map(visible).join(', ')}.`,
      ...(stillReleased.length === 0 ? [] : [`Still released: ${stillReleased.map(visible).join(', ')}.`]),
    );
    return EXIT.ok;
  },
};
