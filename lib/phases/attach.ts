import { constants } from 'node:os';
import { execa } from 'execa';
import { z } from 'zod';
import { sessionCommand, type Terminal } from '../guest/session.ts';
import { SmolvmClient } from '../smolvm/client.ts';
import { hostEnvironment } from '../smolvm/host-environment.ts';
import { type Phase, readAll } from './phase.ts';
import { prepare } from './prepare.ts';
import { probe } from './probe.ts';
import { provision } from './provision.ts';

const session = z.strictObject({ exitCode: z.number().int() });
export type Session = z.infer<typeof session>;

/** Hands the terminal to the agent until it ends. */
export const attach: Phase<Session> = {
  name: 'attach',
  summary: 'run the agent in the guest, with a terminal when there is one',
  needs: [prepare, provision, probe],
  record: session,
  durable: false,

  async run(context) {
    const [plan, { machine }] = await readAll(context, prepare, provision);
    const client = new SmolvmClient(plan.smolvm);
    const terminal = hostTerminal();
    const command = sessionCommand(plan.provider, plan.provider.command, terminal);
    const result = await execa(
      client.binary.path,
      client.execArguments(machine, command, terminal !== undefined),
      {
        stdio: 'inherit',
        reject: false,
        env: hostEnvironment(),
        extendEnv: false,
        cancelSignal: context.signal,
        forceKillAfterDelay: 5_000,
      },
    );
    return { exitCode: result.exitCode ?? exitCodeOfSignal(result.signal) };
  },

  async isAlive() {
    return false;
  },

  describe: ({ exitCode }) => `the agent ended with exit code ${exitCode}`,
};

function hostTerminal(): Terminal | undefined {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return undefined;
  const { columns, rows } = process.stdout;
  return { columns, rows, type: process.env.TERM ?? 'xterm-256color' };
}

/** The shell's convention: 128 and the signal's number. */
function exitCodeOfSignal(signal: string | undefined): number {
  const number = Object.entries(constants.signals).find(([name]) => name === signal)?.[1];
  return number === undefined ? 1 : 128 + number;
}
