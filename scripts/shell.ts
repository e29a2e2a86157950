#!/usr/bin/env node
import { runInBottle, SHELL } from '../lib/commands/exec/run-in-bottle.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: 'shell',
    summary: 'open a shell in a bottle that is up, as the agent and with its environment',
    flags: { bottle: { type: 'string', help: 'the bottle', required: true } },
    notes: ['Exits with the shell’s exit code.'],
  });
  if (flags === undefined) return 0;
  return runInBottle(flags.bottle, 'shell', SHELL, signal);
});
