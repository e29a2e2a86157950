#!/usr/bin/env node
import { keep } from '../lib/commands/keep/keep.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async () => {
  const flags = parseFlags({
    name: 'keep',
    summary: 'keep a bottle’s state at its end, whatever the agent’s exit code',
    flags: { bottle: { type: 'string', help: 'the bottle', required: true } },
  });
  if (flags === undefined) return 0;
  await keep(flags.bottle);
  if (flags.verbosity !== 'quiet')
    line(`the state of ${flags.bottle} will be kept; to remove it: make forget BOTTLE=${flags.bottle}`);
  return 0;
});
