import { z } from 'zod';
import { channelOf } from '../channels/channel-of.ts';
import { BottleError } from '../errors.ts';
import { awaitExec } from '../guest/await-exec.ts';
import type { Bottle } from '../guest/bottle.ts';
import { rootCommand } from '../guest/tool.ts';
import { agentFacing } from '../plan/agent-facing.ts';
import { SmolvmClient } from '../smolvm/client.ts';
import { allocate } from './allocate.ts';
import { createGuest } from './create-guest.ts';
import { type Phase, type PhaseContext, readAll } from './phase.ts';
import { prepare } from './prepare.ts';

/** Of a guest that was up. */
const PATIENCE_MS = 20_000;

const running = z.strictObject({ machine: z.string(), pid: z.number().int().positive() });
export type RunningGuest = z.infer<typeof running>;

/** Boots the guest, then reads back the policy that is actually in force. */
export const startGuest: Phase<RunningGuest> = {
  name: 'start-guest',
  summary: 'boot the guest, and verify the network policy that is in force',
  needs: [prepare, allocate, createGuest],
  record: running,
  durable: false,

  async run(context) {
    const [plan, { alias }, { machine }] = await readAll(context, prepare, allocate, createGuest);
    const client = new SmolvmClient(plan.smolvm);
    // Running, but without the container that accepts commands: only a start brings that back.
    if ((await runningPid(client, machine)) !== undefined) await client.machineStop(machine);
    await client.machineStart(machine, context.signal);
    const channelContext = { slug: context.slug, alias, daemons: agentFacing(plan) };
    await channelOf(plan.smolvm.tier).assertConfinedAfterStart(client, machine, channelContext);
    return running.parse({ machine, pid: await runningPid(client, machine) });
  },

  async isAlive(context, { machine, pid }) {
    const plan = await context.read(prepare);
    const client = new SmolvmClient(plan.smolvm);
    if ((await runningPid(client, machine)) !== pid) return false;
    return acceptsCommands(client, context, machine);
  },

  describe: ({ machine, pid }) => `${machine} is running (PID ${pid})`,
};

/** Waits a little: an agent may be at work in it, and the machine be slow. */
async function acceptsCommands(
  client: SmolvmClient,
  { slug, signal, say }: PhaseContext,
  machine: string,
): Promise<boolean> {
  const exec: Bottle['exec'] = (command, options) => client.exec(machine, rootCommand(command), options);
  try {
    await awaitExec({ slug, exec }, signal, PATIENCE_MS);
    return true;
  } catch (error) {
    if (!(error instanceof BottleError) || error.code !== 'guest-not-ready') throw error;
    say('the guest runs, but accepts no commands: starting it again');
    return false;
  }
}

async function runningPid(client: SmolvmClient, machine: string): Promise<number | undefined> {
  const found = (await client.machineList()).find((candidate) => candidate.name === machine);
  return found?.state === 'running' ? (found.pid ?? undefined) : undefined;
}
