#!/usr/bin/env node
import { echo } from 'zx';
import { mintSlug } from '../lib/bottle/slug.ts';
import { type Fact, factsOf } from '../lib/commands/info/info.ts';
import { launchChoice } from '../lib/commands/launch/launch-flags.ts';
import { requireAgent } from '../lib/commands/list/require-agent.ts';
import { checkAgent } from '../lib/prepare/preflight.ts';
import { shown } from '../lib/terminal/error-text.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { columns, line, paint } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async () => {
  const flags = parseFlags({
    name: 'info',
    summary: 'print the effective settings of an agent and its bottles, with file and line',
    flags: {
      agent: { type: 'string', help: 'the agent' },
      bottles: { type: 'string', help: 'bottles to run in, as NAME,NAME; later ones override earlier ones' },
      json: { type: 'boolean', help: 'print it as JSON' },
    },
    notes: ['Creates nothing. Prints what a launch would find missing on stderr.'],
  });
  if (flags === undefined) return 0;
  const agent = await requireAgent(flags.agent, 'info');
  const { bottles, cwd } = launchChoice({ ...flags, label: undefined, color: undefined });
  const checked = await checkAgent({ agent, bottles, cwd, slug: mintSlug('info') });
  const facts = factsOf(checked);
  if (flags.json) echo(JSON.stringify(facts, null, 2));
  else echo(columns(facts.map(rowOf), { width: process.stdout.columns, wrapped: 1 }));
  if (flags.verbosity === 'quiet') return 0;
  for (const warning of checked.manifest.warnings) line(`${paint('yellow', '!')} ${warning}`);
  for (const { message } of checked.problems) line(`${paint('yellow', '!')} ${shown(message)}`);
  return 0;
});

function rowOf({ key, value, from }: Fact): string[] {
  return [key, value, from];
}
