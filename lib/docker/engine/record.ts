import { readFile, rm } from 'node:fs/promises';
import { z } from 'zod';
import { isMissing, writeAtomically } from '../../host/files.ts';
import { isProcessAlive, processIdentity } from '../../host/process-identity.ts';
import { engineFiles } from './place.ts';

/** What the kit started, so that it stops only that. */
const engineRecord = z.strictObject({
  /** Boot id of the machine, because process ids are only meaningful within one boot. */
  boot: z.string(),
  started: z.discriminatedUnion('by', [
    z.strictObject({ by: z.literal('systemd') }),
    z.strictObject({ by: z.literal('kit'), dockerd: processIdentity }),
  ]),
});

export type StartedEngine = z.infer<typeof engineRecord>['started'];

export async function recordStarted(started: StartedEngine): Promise<void> {
  await writeAtomically(engineFiles.record(), `${JSON.stringify({ boot: await bootId(), started })}\n`);
}

export async function forgetStarted(): Promise<void> {
  await rm(engineFiles.record(), { force: true });
}

/** Returns the engine that the kit started and that is still running, according to its record. */
export async function startedByKit(): Promise<StartedEngine | undefined> {
  const text = await readFile(engineFiles.record(), 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const { boot, started } = engineRecord.parse(JSON.parse(text));
  if (boot !== (await bootId())) return undefined;
  if (started.by === 'systemd' || (await isProcessAlive(started.dockerd))) return started;
  return undefined;
}

async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim();
}
