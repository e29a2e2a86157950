import { versionOf } from '../smolvm/binary.ts';
import { SmolvmClient } from '../smolvm/client.ts';

/**
 * Stops and deletes a machine, if there is one. Always in that order: `delete` of a running machine leaves its
 * process alive (smolvm 0.8.0). Asks `ls` first, since verbs on unknown names leave folders behind there.
 */
export async function removeMachine(client: SmolvmClient, name: string): Promise<void> {
  const machine = (await client.machineList()).find((candidate) => candidate.name === name);
  if (machine === undefined) return;
  if (machine.state !== 'created') await client.machineStop(name);
  await client.machineDelete(name);
}

/** The same, by the smolvm at `path`: the one that made the machine. */
export async function undoMachine(path: string, name: string): Promise<void> {
  await removeMachine(new SmolvmClient({ path, version: await versionOf(path) }), name);
}
