import { readMetadata } from '../bottle/metadata.ts';
import { Bottle } from '../guest/bottle.ts';
import { homeDirectory } from '../host/directories.ts';
import type { Plan } from '../plan/schema.ts';
import { headlessArguments, interactiveArguments, resumableOf } from '../providers/provider-results.ts';
import { providerFor } from '../providers/registry.ts';
import { type Looks, looksOf } from '../sessions/looks.ts';
import { buildImage } from './build-image.ts';
import { type PhaseContext, readAll } from './phase.ts';
import { prepare } from './prepare.ts';
import { provision } from './provision.ts';
import type { SessionRequest } from './session-request.ts';
import { workspace } from './workspace.ts';

/** What a session of the agent needs. */
export interface AgentSession {
  readonly plan: Plan;
  readonly bottle: Bottle;
  readonly command: readonly string[];
  readonly looks: Looks;
}

/** Returns the session that `request` describes. @throws BottleError `state-missing` before `provision`. */
export async function agentSession(
  context: Pick<PhaseContext, 'read'>,
  request: SessionRequest,
): Promise<AgentSession> {
  const [plan, { agent }, { promptFile }] = await readAll(context, prepare, buildImage, provision);
  // It runs outside make, which could find its record out of date.
  if (plan.workspace !== undefined) await context.read(workspace);
  const bottle = new Bottle(plan, agent);
  const command = [...agent.command, ...(await sessionArguments(plan, bottle, request, promptFile))];
  return { plan, bottle, command, looks: await looksOf(plan) };
}

async function sessionArguments(
  plan: Plan,
  bottle: Bottle,
  { prompt, format, resume }: SessionRequest,
  promptFile: string,
): Promise<string[]> {
  const workdir = bottle.agent.directory;
  const provider = await providerFor(plan.provider.template, homeDirectory());
  const directory = resumableOf(provider, workdir);
  const common = {
    ...(plan.hasPrompt ? { promptFile } : {}),
    workdir,
    label: (await readMetadata(plan.slug))?.label ?? '',
    resume: resume && directory !== undefined && (await hasSession(bottle, directory)),
  };
  return prompt === undefined
    ? interactiveArguments(provider, common)
    : headlessArguments(provider, { ...common, format });
}

/** Agents fail, or silently start anew, when they are to continue a session that does not exist. */
async function hasSession(bottle: Bottle, directory: string): Promise<boolean> {
  const script = 'find "$1" -name "*.jsonl" -type f 2> /dev/null | grep -q .';
  const path = `${bottle.agent.home}/${directory}`;
  return (await bottle.execAsAgent(['sh', '-c', script, 'sh', path])).exitCode === 0;
}
