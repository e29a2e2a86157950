import { z } from 'zod';
import { followSignIn } from '../bundle/follow-sign-in.ts';
import { holdSession } from '../sessions/hold-session.ts';
import type { Notices } from '../sessions/notices.ts';
import { agentSession } from './agent-session.ts';
import { buildImage } from './build-image.ts';
import type { Phase } from './phase.ts';
import { prepare } from './prepare.ts';
import { probe } from './probe.ts';
import { provision } from './provision.ts';
import { INTERACTIVE, type SessionRequest } from './session-request.ts';

const session = z.strictObject({ exitCode: z.number().int() });
export type Session = z.infer<typeof session>;

/** Runs the agent until it exits, on the operator's terminal or with a prompt as its input. */
export function attachWith(request: SessionRequest, notices?: Notices): Phase<Session> {
  return {
    name: 'attach',
    summary: 'run the agent in the guest, with a terminal if there is one',
    needs: [prepare, buildImage, provision, probe],
    record: session,
    durable: false,
    concurrent: true,

    async run(context) {
      const { plan, bottle, command, looks } = await agentSession(context, request);
      const unfollow = await followSignIn(plan, context.say);
      const { prompt, timeoutMs } = request;
      const { signal } = context;
      try {
        return {
          exitCode: await holdSession(bottle, command, {
            ...looks,
            kind: 'agent',
            notices,
            prompt,
            timeoutMs,
            signal,
          }),
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
