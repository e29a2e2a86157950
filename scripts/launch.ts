#!/usr/bin/env node
import { echo } from 'zx';
import { checkSession } from '../lib/commands/launch/check-session.ts';
import { chooseLaunch } from '../lib/commands/launch/choose-launch.ts';
import { chooseWorkspace, WORKSPACE_FLAGS } from '../lib/commands/launch/choose-workspace.ts';
import { launch } from '../lib/commands/launch/launch.ts';
import { CHOICE_FLAGS, launchChoice } from '../lib/commands/launch/launch-flags.ts';
import { launchSteps } from '../lib/commands/launch/launch-steps.ts';
import { planScreen } from '../lib/commands/launch/plan-screen.ts';
import { previewLaunch } from '../lib/commands/launch/preview.ts';
import { SESSION_FLAGS, sessionRequest } from '../lib/commands/launch/session-flags.ts';
import { manifestSources } from '../lib/manifest/sources.ts';
import type { SessionRequest } from '../lib/phases/session-request.ts';
import { thisHost } from '../lib/prepare/host.ts';
import type { LaunchChoice } from '../lib/prepare/preflight.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { hasTerminal } from '../lib/terminal/has-terminal.ts';
import { line, paint } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: 'launch',
    summary: 'launch one bottle: bring it up, run the agent, take everything down',
    flags: {
      ...CHOICE_FLAGS,
      ...WORKSPACE_FLAGS,
      ...SESSION_FLAGS,
      yes: { type: 'boolean', help: 'launch without asking' },
      'dry-run': { type: 'boolean', help: 'show what would be launched, and stop' },
      json: { type: 'boolean', help: 'print {slug, exitCode}, or with --dry-run the plan, on stdout' },
    },
    notes: [
      'Exits with the agent’s exit code. State is kept when that is not 0.',
      'Without a terminal there is no prompt, and the launch continues as with --yes.',
    ],
  });
  if (flags === undefined) return 0;
  const quiet = flags.verbosity === 'quiet';
  const say = quiet ? () => {} : (text: string) => line(`${paint('dim', '·')} ${text}`);
  const choice = launchChoice(flags);
  const request = await sessionRequest(flags);
  const sources = manifestSources();
  const named = { ...choice, ...(await chooseLaunch({ ...choice, agent: flags.agent }, sources, signal)) };
  const chosen = { ...named, workspace: await chooseWorkspace(flags, { ...named, sources }) };
  if (flags['dry-run']) return dryRun(chosen, request, flags.json, say);

  let slug = '';
  const steps = launchSteps(request, { ...flags, signal });
  const exitCode = await launch(
    { ...chosen, labelMustBeFree: hasTerminal() },
    {
      ...steps,
      prepare: async (bottle) => {
        slug = bottle;
        return steps.prepare(bottle, signal);
      },
    },
    signal,
  );
  if (flags.json) echo(JSON.stringify({ slug, exitCode }));
  return exitCode;
});

/** Prints the screen on stdout, since it is the result; then throws if there are problems. */
async function dryRun(
  chosen: LaunchChoice & { label: string },
  request: SessionRequest,
  json: boolean,
  say: (text: string) => void,
): Promise<number> {
  const { plan, error, warnings } = await previewLaunch(chosen, thisHost(hasTerminal()));
  for (const warning of warnings) say(warning);
  if (plan !== undefined)
    echo(json ? JSON.stringify(plan, null, 2) : planScreen(plan, process.stdout.columns));
  if (error !== undefined) throw error;
  // A dry run may be piped, where the launch will have its terminal.
  if (plan !== undefined && request.prompt !== undefined) await checkSession(plan, request);
  say('dry run: nothing was created');
  return 0;
}
