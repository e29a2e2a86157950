import { versionOf } from '../smolvm/binary.ts';
import { SmolvmClient } from '../smolvm/client.ts';

/**
 * Stops and then deletes a machine, if it exists. In smolvm 0.8.0, `delete` leaves the process of a running
 * machine alive, and verbs on unknown names leave directories behind, so `ls` comes first.
 */
export async function removeMachine(client: SmolvmClient, name: string): Promise<void> {
  const machine = (await client.machineList()).find((candidate) => candidate.name === name);
  if (machine === undefined) return;
  if (machine.state !== 'created') await client.machineStop(name);
  await client.machineDelete(name);
}

/** Removes a machine with the smolvm at `path`, which created it. */
export async function undoMachine(path: string, name: string): Promise<void> {
  await removeMachine(new SmolvmClient({ path, version: await versionOf(path) }), name);
}
