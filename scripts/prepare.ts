#!/usr/bin/env node
import { echo } from 'zx';
import { createBottle } from '../lib/bottle/create.ts';
import { chooseLaunch } from '../lib/commands/launch/choose-launch.ts';
import { chooseWorkspace, WORKSPACE_FLAGS } from '../lib/commands/launch/choose-workspace.ts';
import { CHOICE_FLAGS, launchChoice } from '../lib/commands/launch/launch-flags.ts';
import { PHASE_FLAGS, reportPhase } from '../lib/commands/phase/phase-script.ts';
import { manifestSources } from '../lib/manifest/sources.ts';
import { prepare } from '../lib/phases/prepare.ts';
import { forgetBottle } from '../lib/phases/teardown.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { hasTerminal } from '../lib/terminal/has-terminal.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: prepare.name,
    summary: prepare.summary,
    flags: {
      ...PHASE_FLAGS,
      bottle: { type: 'string', help: 'prepare this bottle again instead of a new one' },
      ...CHOICE_FLAGS,
      ...WORKSPACE_FLAGS,
    },
    notes: ['Prints the new bottle’s name on stdout.'],
  });
  if (flags === undefined) return 0;
  const { bottle, agent } = flags;
  if (bottle !== undefined) {
    await reportPhase(prepare, bottle, { ...flags, signal, print: echo });
    return 0;
  }
  const choice = launchChoice(flags);
  const chosen = await chooseLaunch({ ...choice, agent }, manifestSources(), signal);
  const workspace = await chooseWorkspace(flags, { ...choice, ...chosen, sources: manifestSources() });
  const slug = await createBottle({
    ...choice,
    ...chosen,
    workspace,
    owner: null,
    labelMustBeFree: hasTerminal(),
  });
  try {
    await reportPhase(prepare, slug, { ...flags, signal, print: echo });
  } catch (error) {
    await forgetBottle(slug);
    throw error;
  }
  if (!flags.json) echo(slug);
  return 0;
});
