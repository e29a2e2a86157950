#!/usr/bin/env node
import { askFirstAgent } from '../lib/commands/init/ask-first-agent.ts';
import { assertFree, writeFirstAgent } from '../lib/commands/init/init.ts';
import { manifestSources } from '../lib/manifest/sources.ts';
import { asking } from '../lib/terminal/ask.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: 'init',
    summary: 'ask a few questions, and write a first bottle and agent',
    flags: {
      agent: { type: 'string', help: 'name of the agent; prompted for when absent' },
      bottle: { type: 'string', help: 'name of its bottle; prompted for when absent' },
    },
    notes: ['Writes into $BOT_BOTTLE_HOME, default ~/.bot-bottle. Never overwrites files.'],
  });
  if (flags === undefined) return 0;
  const sources = manifestSources();
  // Fail before the questions, not after them.
  if (flags.agent) await assertFree('agents', flags.agent, sources.home);
  if (flags.bottle) await assertFree('bottles', flags.bottle, sources.home);
  const first = await asking(signal, (ask) => askFirstAgent(flags, sources.home, ask));
  for (const file of await writeFirstAgent(first, sources)) line(`wrote ${file}`);
  const variable = first.credential?.token_ref;
  if (variable && !process.env[variable]) line(`before a launch, export ${variable} in your shell`);
  line(`show it with: make info AGENT=${first.agent}; launch it with: make launch AGENT=${first.agent}`);
  return 0;
});
