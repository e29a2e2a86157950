import { z } from 'zod';
import { aliasPolicy, confineBeforeStart } from '../channels/loopback-alias.ts';
import { SmolvmClient } from '../smolvm/client.ts';
import { readMachineRecord } from '../smolvm/state-db.ts';
import { allocate } from './allocate.ts';
import { packArtifact } from './pack-artifact.ts';
import type { Phase } from './phase.ts';
import { prepare } from './prepare.ts';
import { removeMachine } from './remove-machine.ts';

const guest = z.strictObject({
  machine: z.string(),
  artifact: z.string(),
  /** The guest's whole network policy. */
  allowedCidrs: z.array(z.string()),
});
export type Guest = z.infer<typeof guest>;

/** Creates the microVM, not yet started, with a policy of exactly one address. */
export const createGuest: Phase<Guest> = {
  name: 'create-guest',
  summary: 'create the guest and set its network policy to the bottle’s alias alone',
  // Not the bundle: the guest boots while it starts, and meets it first in `probe`.
  needs: [prepare, allocate, packArtifact],
  record: guest,
  durable: false,

  async run(context) {
    const [plan, { alias }, { path }] = await Promise.all([
      context.read(prepare),
      context.read(allocate),
      context.read(packArtifact),
    ]);
    const { machine } = plan.names;
    const wanted: Guest = { machine, artifact: path, allowedCidrs: aliasPolicy(alias) };
    const client = new SmolvmClient(plan.smolvm);
    // A bundle that was started anew needs no new guest, as long as it is the guest we would make.
    if (!context.force && (await isAsWanted(client, wanted))) return wanted;
    await context.willUndo({ kind: 'machine', name: machine, smolvm: plan.smolvm.path });
    await removeMachine(client, machine);
    await client.machineCreate(machine, path, wanted.allowedCidrs);
    confineBeforeStart(machine, alias);
    return wanted;
  },

  async isAlive(context, data) {
    return isAsWanted(new SmolvmClient((await context.read(prepare)).smolvm), data);
  },

  describe: ({ machine, allowedCidrs }) => `${machine}, may reach ${allowedCidrs.join(', ')}`,
};

async function isAsWanted(client: SmolvmClient, wanted: Guest): Promise<boolean> {
  const machines = await client.machineList();
  if (!machines.some((machine) => machine.name === wanted.machine)) return false;
  const record = readMachineRecord(wanted.machine);
  return (
    record.source_smolmachine === wanted.artifact &&
    record.allowed_cidrs?.join() === wanted.allowedCidrs.join()
  );
}
