#!/usr/bin/env node
import { runInBottle } from '../lib/commands/exec/run-in-bottle.ts';
import { BottleError } from '../lib/errors.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async ({ signal }) => {
  const [own, command] = split(process.argv.slice(2));
  const flags = parseFlags(
    {
      name: 'exec',
      summary: 'run a command in a bottle that is up, as the agent and with its environment',
      flags: {
        bottle: { type: 'string', help: 'the bottle', required: true },
        command: { type: 'string', help: 'what /bin/sh in the bottle runs; or write `-- PROGRAM ARGUMENT…`' },
      },
      notes: ['Exits with the command’s exit code.'],
    },
    own,
  );
  if (flags === undefined) return 0;
  const words = flags.command ? ['/bin/sh', '-c', flags.command, ...command] : command;
  if (words.length === 0) {
    throw new BottleError('usage', 'no command was given', {
      hint: "Write CMD='ls -la', or `-- PROGRAM ARGUMENT…` behind the flags of scripts/exec.ts.",
    });
  }
  return runInBottle(flags.bottle, 'exec', words, signal);
});

/** Separates the flags of this script from the command behind `--`. */
function split(words: readonly string[]): [own: string[], command: string[]] {
  const end = words.indexOf('--');
  return end === -1 ? [[...words], []] : [words.slice(0, end), words.slice(end + 1)];
}
