#!/usr/bin/env node
import { echo } from 'zx';
import { parseFlags } from '../lib/cli/flags.ts';
import { line, paint } from '../lib/cli/output.ts';
import { reportPhase } from '../lib/cli/phase-script.ts';
import { describePlan } from '../lib/cli/plan-screen.ts';
import { runScript } from '../lib/cli/run-script.ts';
import { launch } from '../lib/commands/launch.ts';
import { requireAgent } from '../lib/commands/require-agent.ts';
import { up } from '../lib/commands/up.ts';
import { attach } from '../lib/phases/attach.ts';
import { prepare } from '../lib/phases/prepare.ts';

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: 'launch',
    summary: 'one bottle from nothing to nothing: bring it up, run the agent, take everything down',
    flags: {
      agent: { type: 'string', help: 'the agent to launch' },
      json: { type: 'boolean', help: 'print {slug, exitCode} as the last line on stdout' },
    },
    notes: ['The exit code is the agent’s. State is kept when that is not 0.'],
  });
  if (flags === undefined) return 0;
  const quiet = flags.verbosity === 'quiet';
  const say = quiet ? () => {} : (text: string) => line(`${paint('dim', '·')} ${text}`);
  const options = { force: false, json: false, verbosity: flags.verbosity, signal };
  let slug = '';
  const exitCode = await launch(
    await requireAgent(flags.agent),
    {
      say,
      prepare: (bottle) => reportPhase(prepare, bottle, options),
      announce: (plan) => {
        slug = plan.slug;
        if (!quiet) line(describePlan(plan));
      },
      up: (bottle) => up(bottle, { signal, quiet }),
      attach: async (bottle) => (await reportPhase(attach, bottle, options)).exitCode,
    },
    signal,
  );
  if (flags.json) echo(JSON.stringify({ slug, exitCode }));
  return exitCode;
});
