#!/usr/bin/env node
// @ts-check
/**
 * `gpu-node-simulator COMMAND DIR [flags]`: makes a simulated GPU node and lets things happen on it. Exit code 2: what
 * was typed cannot be understood; 1: it can, but not be done.
 */
import { Arguments, UsageError } from '../cli/arguments.mjs';
import { COMMANDS } from '../cli/commands.mjs';
import { scenarioNames } from '../state/scenario.mjs';

/** @returns {string} */
function help() {
  const lines = ['gpu-node-simulator COMMAND DIR [flags]: a GPU node without a GPU', ''];
  for (const [name, { help: text, words, operand, flags }] of Object.entries(COMMANDS)) {
    lines.push(
      `  ${name} ${operand === undefined ? 'DIR' : operand.toUpperCase()}${words === undefined ? '' : ` ${words}`}`,
      `      ${text}`,
    );
    for (const [flag, { kind, help: meaning, needed }] of Object.entries(flags)) {
      const value = kind === 'switch' ? '' : kind === 'text' ? ' TEXT' : ' N';
      lines.push(`      --${flag}${value}  ${meaning}${needed ? ' (needed)' : ''}`);
    }
  }
  lines.push('', `scenarios: ${scenarioNames().join(', ')}`);
  return lines.join('\n');
}

const [name = 'help', ...words] = process.argv.slice(2);
try {
  if (name === 'help' || name === '--help' || words.includes('--help')) {
    console.log(help());
  } else {
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command === undefined) {
      throw new UsageError(`no command "${name}"; expected one of: ${Object.keys(COMMANDS).join(', ')}, help`);
    }
    const printed = await command.run(new Arguments(name, command.flags, words));
    if (printed !== undefined) console.log(printed);
  }
} catch (error) {
  console.error(`gpu-node-simulator: ${error instanceof Error ? error.message : error}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
