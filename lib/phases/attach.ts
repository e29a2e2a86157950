import { z } from 'zod';
import { Bottle } from '../guest/bottle.ts';
import { buildImage } from './build-image.ts';
import { type Phase, readAll } from './phase.ts';
import { prepare } from './prepare.ts';
import { probe } from './probe.ts';
import { provision } from './provision.ts';

const session = z.strictObject({ exitCode: z.number().int() });
export type Session = z.infer<typeof session>;

/** Runs the agent on the operator's terminal until it exits. */
export const attach: Phase<Session> = {
  name: 'attach',
  summary: 'run the agent in the guest, with a terminal if there is one',
  needs: [prepare, buildImage, provision, probe],
  record: session,
  durable: false,

  async run(context) {
    const [plan, { agent }] = await readAll(context, prepare, buildImage);
    return { exitCode: await new Bottle(plan, agent).execAgent(agent.command, context.signal) };
  },

  async isAlive() {
    return false;
  },

  describe: ({ exitCode }) => `the agent exited with code ${exitCode}`,
};
