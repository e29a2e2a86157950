import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { BottleError } from '../errors.ts';
import { isProcessAlive, type ProcessIdentity } from '../host/process-identity.ts';
import { versionOf } from '../smolvm/binary.ts';
import { SmolvmClient } from '../smolvm/client.ts';
import { machineFolder, machineProcess } from '../smolvm/machine-folder.ts';

/** Milliseconds between SIGTERM and SIGKILL, and for the end after SIGKILL. */
const GRACE_MS = 2_000;
const CHECK_MS = 50;

/**
 * Stops and then deletes a machine, if it exists, and ends its process and removes its folder if smolvm has left them. In
 * smolvm 0.8.0, `delete` leaves the process of a running machine alive, and verbs on unknown names leave folders behind,
 * so `ls` comes first. A start that was killed leaves a machine that runs, whose record says that it does not.
 * @throws BottleError `guest-failed` when it still runs.
 */
export async function removeMachine(client: SmolvmClient, name: string): Promise<void> {
  const folder = machineFolder(name);
  const running = await machineProcess(folder);
  const machine = (await client.machineList()).find((candidate) => candidate.name === name);
  if (machine !== undefined) {
    if (machine.state !== 'created') await client.machineStop(name);
    await client.machineDelete(name);
  }
  if (running !== undefined) await endProcess(name, running);
  await rm(folder, { recursive: true, force: true });
}

/** Removes a machine with the smolvm at `path`, which created it. */
export async function undoMachine(path: string, name: string): Promise<void> {
  await removeMachine(new SmolvmClient({ path, version: await versionOf(path) }), name);
}

async function endProcess(name: string, identity: ProcessIdentity): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (let waited = 0; waited <= GRACE_MS; waited += CHECK_MS) {
      if (!(await isProcessAlive(identity))) return;
      if (waited === 0) sendSignal(identity.pid, signal);
      await sleep(CHECK_MS);
    }
  }
  throw new BottleError('guest-failed', `the machine ${name} still runs, as process ${identity.pid}`, {
    hint: `End it: kill -KILL ${identity.pid}`,
  });
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile, or belongs to somebody else, which the next check shows.
  }
}
