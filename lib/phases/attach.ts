import { z } from 'zod';
import { readMetadata } from '../bottle/metadata.ts';
import { followSignIn } from '../bundle/follow-sign-in.ts';
import { Bottle } from '../guest/bottle.ts';
import { homeDirectory } from '../host/directories.ts';
import type { Plan } from '../plan/schema.ts';
import { headlessArguments, interactiveArguments, resumableOf } from '../providers/provider-results.ts';
import { providerFor } from '../providers/registry.ts';
import { holdSession } from '../sessions/hold-session.ts';
import { looksOf } from '../sessions/looks.ts';
import { buildImage } from './build-image.ts';
import { type Phase, readAll } from './phase.ts';
import { prepare } from './prepare.ts';
import { probe } from './probe.ts';
import { provision } from './provision.ts';
import { INTERACTIVE, type SessionRequest } from './session-request.ts';

const session = z.strictObject({ exitCode: z.number().int() });
export type Session = z.infer<typeof session>;

/** Runs the agent until it exits, on the operator's terminal or with a prompt as its input. */
export function attachWith(request: SessionRequest): Phase<Session> {
  return {
    name: 'attach',
    summary: 'run the agent in the guest, with a terminal if there is one',
    needs: [prepare, buildImage, provision, probe],
    record: session,
    durable: false,

    async run(context) {
      const [plan, { agent }, { promptFile }] = await readAll(context, prepare, buildImage, provision);
      const bottle = new Bottle(plan, agent);
      const command = [...agent.command, ...(await sessionArguments(plan, bottle, request, promptFile))];
      const unfollow = await followSignIn(plan, context.say);
      try {
        const { signal } = context;
        return {
          exitCode: await holdSession(bottle, command, { ...request, signal, ...(await looksOf(plan)) }),
        };
      } finally {
        unfollow();
      }
    },

    async isAlive() {
      return false;
    },

    describe: ({ exitCode }) => `the agent exited with code ${exitCode}`,
  };
}

export const attach = attachWith(INTERACTIVE);

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
