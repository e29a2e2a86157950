#!/usr/bin/env node
import { echo } from 'zx';
import { readRecord } from '../lib/bottle/records.ts';
import { reportPhase } from '../lib/commands/phase/phase-script.ts';
import { restoreTranscript } from '../lib/commands/transcript/restore-transcript.ts';
import { askPrompted } from '../lib/commands/up/ask-prompted.ts';
import { revalidate } from '../lib/commands/up/revalidate.ts';
import { up } from '../lib/commands/up/up.ts';
import { prepare } from '../lib/phases/prepare.ts';
import { provision } from '../lib/phases/provision.ts';
import { workspace } from '../lib/phases/workspace.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: 'up',
    summary: 'bring a prepared bottle up, or continue where it stopped',
    flags: { bottle: { type: 'string', help: 'the bottle', required: true } },
    notes: ['Runs make over the phase graph; keeps what is up to date and alive.'],
  });
  if (flags === undefined) return 0;
  const quiet = flags.verbosity === 'quiet';
  const gone = await revalidate(flags.bottle, signal);
  if (gone.length > 0 && !quiet) line(`to run again: ${gone.join(', ')}`);
  const prepared = await readRecord(flags.bottle, prepare.name, prepare.record);
  const provisioned = await readRecord(flags.bottle, provision.name, provision.record);
  if (prepared !== undefined && provisioned === undefined) await askPrompted(prepared.data, signal);
  await up(flags.bottle, { signal, quiet });
  const { verbosity } = flags;
  await reportPhase(workspace, flags.bottle, { force: false, json: false, verbosity, signal });
  await restoreTranscript(flags.bottle, { signal, say: quiet ? () => {} : line });
  if (!quiet) echo(`${flags.bottle} is up; start its agent with: make attach BOTTLE=${flags.bottle}`);
  return 0;
});
