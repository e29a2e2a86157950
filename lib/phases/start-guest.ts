import { z } from 'zod';
import { channelOf } from '../channels/channel-of.ts';
import { agentFacing } from '../plan/agent-facing.ts';
import { SmolvmClient } from '../smolvm/client.ts';
import { allocate } from './allocate.ts';
import { createGuest } from './create-guest.ts';
import { type Phase, readAll } from './phase.ts';
import { prepare } from './prepare.ts';

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
    if (context.force && (await runningPid(client, machine)) !== undefined) await client.machineStop(machine);
    await client.machineStart(machine, context.signal);
    const channelContext = { slug: context.slug, alias, daemons: agentFacing(plan) };
    await channelOf(plan.smolvm.tier).assertConfinedAfterStart(client, machine, channelContext);
    return running.parse({ machine, pid: await runningPid(client, machine) });
  },

  async isAlive(context, { machine, pid }) {
    const plan = await context.read(prepare);
    return (await runningPid(new SmolvmClient(plan.smolvm), machine)) === pid;
  },

  describe: ({ machine, pid }) => `${machine} is running (PID ${pid})`,
};

async function runningPid(client: SmolvmClient, machine: string): Promise<number | undefined> {
  const found = (await client.machineList()).find((candidate) => candidate.name === machine);
  return found?.state === 'running' ? (found.pid ?? undefined) : undefined;
}
