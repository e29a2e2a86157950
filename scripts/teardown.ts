#!/usr/bin/env node
import { echo } from 'zx';
import { saveWork } from '../lib/commands/fetch/save-work.ts';
import { saveTranscript } from '../lib/commands/transcript/save-transcript.ts';
import { requireBottle } from '../lib/phases/running-bottle.ts';
import { forgetBottle, teardown } from '../lib/phases/teardown.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async () => {
  const flags = parseFlags({
    name: 'teardown',
    summary: 'remove everything that a bottle has acquired, then its state',
    flags: {
      bottle: { type: 'string', help: 'the bottle', required: true },
      'keep-state': { type: 'boolean', help: 'keep its state, so that it can be brought up again' },
      discard: { type: 'boolean', help: 'also when work of the agent is in the guest alone' },
      json: { type: 'boolean', help: 'print what was removed as JSON on stdout' },
    },
  });
  if (flags === undefined) return 0;
  await requireBottle(flags.bottle);
  const say = flags.verbosity === 'quiet' ? () => {} : line;
  if (!flags.discard) await saveWork(flags.bottle, say);
  await saveTranscript(flags.bottle, say);
  const undone = await teardown(flags.bottle, say);
  if (!flags['keep-state']) await forgetBottle(flags.bottle);
  if (flags.json) echo(JSON.stringify({ bottle: flags.bottle, undone }));
  else say(undone.length === 0 ? 'nothing to take down' : `took down ${undone.join(', ')}`);
  return 0;
});
