#!/usr/bin/env node
import { forget } from '../lib/commands/keep/keep.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async () => {
  const flags = parseFlags({
    name: 'forget',
    summary: 'remove the state of a bottle that is down, or have it removed at its end',
    flags: { bottle: { type: 'string', help: 'the bottle', required: true } },
    notes: [
      'With its state go its freeze, its transcript and its logs. Work that was fetched stays in your repository.',
    ],
  });
  if (flags === undefined) return 0;
  const isGone = await forget(flags.bottle);
  if (flags.verbosity !== 'quiet')
    line(isGone ? `${flags.bottle} is gone` : `${flags.bottle} is up; its state will be removed at its end`);
  return 0;
});
