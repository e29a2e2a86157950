#!/usr/bin/env node
import { echo } from 'zx';
import { chooseBottle } from '../lib/commands/choose-bottle/choose-bottle.ts';
import { launchSteps } from '../lib/commands/launch/launch-steps.ts';
import { SESSION_FLAGS, sessionRequest } from '../lib/commands/launch/session-flags.ts';
import { resume } from '../lib/commands/resume/resume.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: 'resume',
    summary:
      'bring a kept bottle back, from its last freeze if it has one, and continue the agent’s conversation',
    flags: {
      bottle: { type: 'string', help: 'the bottle; asked for on a terminal' },
      ...SESSION_FLAGS,
      yes: { type: 'boolean', help: 'resume without asking' },
      json: { type: 'boolean', help: 'print {slug, exitCode} on stdout' },
    },
    notes: [
      'Manifests, host variables and prompts are read anew; network, CA, keys and bundle are new.',
      'Exits with the agent’s exit code. State is kept when that is not 0, or the bottle was frozen.',
    ],
  });
  if (flags === undefined) return 0;
  const fits = ({ state }: { state: string }) => state === 'kept';
  const slug = await chooseBottle(flags.bottle, { verb: 'resume', kind: 'kept', fits }, signal);
  const request = await sessionRequest(flags, true);
  const exitCode = await resume(slug, launchSteps(request, { ...flags, signal, force: true }), signal);
  if (flags.json) echo(JSON.stringify({ slug, exitCode }));
  return exitCode;
});
