#!/usr/bin/env node
import { echo } from 'zx';
import { parseFlags } from '../lib/cli/flags.ts';
import { line } from '../lib/cli/output.ts';
import { runScript } from '../lib/cli/run-script.ts';
import { revalidate } from '../lib/commands/revalidate.ts';
import { up } from '../lib/commands/up.ts';

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: 'up',
    summary: 'bring a prepared bottle up, or carry on from where it stopped',
    flags: { bottle: { type: 'string', help: 'the bottle', required: true } },
    notes: ['Runs make over the phase graph; what is there and alive is kept.'],
  });
  if (flags === undefined) return 0;
  const quiet = flags.verbosity === 'quiet';
  const gone = await revalidate(flags.bottle, signal);
  if (gone.length > 0 && !quiet) line(`to be done again: ${gone.join(', ')}`);
  await up(flags.bottle, { signal, quiet });
  if (!quiet) echo(`${flags.bottle} is up; start its agent with: make attach BOTTLE=${flags.bottle}`);
  return 0;
});
