import { realpath } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Channel, ChannelContext } from '../channels/channel.ts';
import { channelOf } from '../channels/channel-of.ts';
import { isHostRelayAlive, startHostRelay } from '../channels/host-relay.ts';
import { removeMachine } from '../guest/remove-machine.ts';
import { agentFacing } from '../plan/agent-facing.ts';
import { SmolvmClient } from '../smolvm/client.ts';
import { readMachineRecord } from '../smolvm/state-db.ts';
import { allocate } from './allocate.ts';
import { packArtifact } from './pack-artifact.ts';
import { type Phase, readAll } from './phase.ts';
import { prepare } from './prepare.ts';

const guest = z.strictObject({
  machine: z.string(),
  /** What the guest boots from. */
  boot: z.strictObject({ kind: z.enum(['artifact', 'archive']), path: z.string() }),
  /** The guest's entire network policy; empty for no network. */
  allowedCidrs: z.array(z.string()),
  /** Host sockets that are mounted into the guest. */
  sockets: z.array(z.strictObject({ host: z.string(), guest: z.string() })),
});
export type Guest = z.infer<typeof guest>;

/** Creates the microVM without starting it; it can reach only its own bundle. */
export const createGuest: Phase<Guest> = {
  name: 'create-guest',
  summary: 'create the guest, which can reach only its own bundle',
  // Does not need the bundle: both start concurrently, and the guest first uses it in `probe`.
  needs: [prepare, allocate, packArtifact],
  record: guest,
  durable: false,

  async run(context) {
    const [plan, { alias }, { kind, path }] = await readAll(context, prepare, allocate, packArtifact);
    const { machine } = plan.names;
    const channel = channelOf(plan.smolvm.tier);
    const channelContext: ChannelContext = { slug: context.slug, alias, daemons: agentFacing(plan) };
    const wanted: Guest = { machine, boot: { kind, path }, ...channel.networkGrants(channelContext) };
    if (channel.needsRelay) {
      await context.willUndo({ kind: 'relay', name: context.slug });
      await startHostRelay(context.slug, agentFacing(plan));
    }
    const client = new SmolvmClient(plan.smolvm);
    // A restarted bundle needs no new guest if the existing one is as wanted.
    if (!context.force && (await isAsWanted(client, wanted))) return wanted;
    await context.willUndo({ kind: 'machine', name: machine, smolvm: plan.smolvm.path });
    await removeMachine(client, machine);
    await client.machineCreate(machine, wanted, context.signal);
    channel.confineBeforeStart(machine, channelContext);
    return wanted;
  },

  async isAlive(context, data) {
    const { smolvm } = await context.read(prepare);
    if (relayIsMissing(channelOf(smolvm.tier), await isHostRelayAlive(context.slug))) return false;
    return isAsWanted(new SmolvmClient(smolvm), data);
  },

  describe: ({ machine, allowedCidrs, sockets }) => {
    const reach = [...allowedCidrs, ...sockets.map((socket) => socket.guest)].join(', ');
    return `${machine}, may reach ${reach}${allowedCidrs.length === 0 ? ', no network' : ''}`;
  },
};

function relayIsMissing(channel: Channel, alive: boolean): boolean {
  return channel.needsRelay && !alive;
}

async function isAsWanted(client: SmolvmClient, wanted: Guest): Promise<boolean> {
  const machines = await client.machineList();
  if (!machines.some((machine) => machine.name === wanted.machine)) return false;
  const record = readMachineRecord(wanted.machine);
  // smolvm records an artifact's resolved path, but copies an archive without recording its origin.
  const boots =
    wanted.boot.kind === 'archive' ||
    record.source_smolmachine === (await realpath(wanted.boot.path).catch(() => undefined));
  return boots && isDeepStrictEqual(record.allowed_cidrs ?? [], wanted.allowedCidrs);
}
