#!/usr/bin/env node
import { asking } from '../lib/cli/ask.ts';
import { askFirstAgent } from '../lib/cli/ask-first-agent.ts';
import { parseFlags } from '../lib/cli/flags.ts';
import { line } from '../lib/cli/output.ts';
import { runScript } from '../lib/cli/run-script.ts';
import { assertFree, writeFirstAgent } from '../lib/commands/init.ts';
import { manifestSources } from '../lib/manifest/sources.ts';

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: 'init',
    summary: 'ask what is needed, and write a first bottle and agent',
    flags: {
      agent: { type: 'string', help: 'the name of the agent; asked for when absent' },
      bottle: { type: 'string', help: 'the name of its bottle; asked for when absent' },
    },
    notes: ['Writes into $BOT_BOTTLE_HOME, default ~/.bot-bottle. What is there is never overwritten.'],
  });
  if (flags === undefined) return 0;
  const sources = manifestSources();
  // Before the questions rather than after them.
  if (flags.agent) await assertFree('agents', flags.agent, sources.home);
  if (flags.bottle) await assertFree('bottles', flags.bottle, sources.home);
  const first = await asking(signal, (ask) => askFirstAgent(flags, sources.home, ask));
  for (const file of await writeFirstAgent(first, sources)) line(`wrote ${file}`);
  line(`Look at it with: make info AGENT=${first.agent}; start it with: make launch AGENT=${first.agent}`);
  return 0;
});
