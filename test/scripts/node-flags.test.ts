import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { NODE_FLAGS } from '../../scripts/node-flags.mjs';

const text = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
/** Those before the program: what follows it is for the agent. */
const flagsIn = (command: string) => command.split('/gpu-node-agent.mjs')[0]?.match(/--[\w-]+(?:=\d+)?/g);

test('the service is started with the same flags of Node wherever it is started', () => {
  const unit = /^ExecStart=(?:.*\\\n)*.*$/m.exec(text('deploy/systemd/gpu-node-agent.service'))?.[0] ?? '';
  const image = /^ENTRYPOINT (.*)$/m.exec(text('Dockerfile'))?.[1] ?? '';
  expect(flagsIn(unit)).toEqual(NODE_FLAGS);
  expect(flagsIn(image)).toEqual(NODE_FLAGS);
});
