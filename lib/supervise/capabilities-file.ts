import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { homeDirectory } from '../host/directories.ts';
import { isMissing, writeAtomically } from '../host/files.ts';
import { withLock } from '../host/lock.ts';
import { readJson } from '../host/read-json.ts';
import { type Capability, capability, MAX_CAPABILITIES } from '../plan/capability.ts';

/** An agent of the operator's manifests: several files may have agents of the same name. */
export interface AgentKey {
  readonly name: string;
  /** Absolute path of its manifest. */
  readonly file: string;
}

/** What was approved for an agent, for all its launches; oldest first. */
const capabilitiesFile = z.strictObject({
  version: z.literal(1),
  agent: z.strictObject({ name: z.string(), file: z.string() }),
  capabilities: z.array(capability).max(MAX_CAPABILITIES),
});
export type CapabilitiesOfAgent = Omit<z.infer<typeof capabilitiesFile>, 'version'>;

/** Milliseconds; who holds the lock writes a small file. */
const LOCK_MS = 10_000;

const directory = () => join(homeDirectory(), 'capabilities');

function pathOf({ name, file }: AgentKey): string {
  const key = createHash('sha256')
    .update(JSON.stringify([name, file]))
    .digest('hex')
    .slice(0, 16);
  return join(directory(), `${key}.json`);
}

/** Returns what the next launch of an agent adds to its image, in order. @throws BottleError `state-corrupt` */
export async function readCapabilities(agent: AgentKey): Promise<readonly Capability[]> {
  return (await readJson(pathOf(agent), capabilitiesFile))?.capabilities ?? [];
}

/** Returns what was approved for all agents, by name. @throws BottleError `state-corrupt` */
export async function allCapabilities(): Promise<CapabilitiesOfAgent[]> {
  const names = await readdir(directory()).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const files = names.filter((name) => /^[0-9a-f]{16}\.json$/.test(name));
  const read = await Promise.all(files.map((name) => readJson(join(directory(), name), capabilitiesFile)));
  const keyOf = ({ agent }: CapabilitiesOfAgent) => `${agent.name}\0${agent.file}`;
  return read
    .flatMap((file) => (file === undefined ? [] : [file]))
    .toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
}

/** Replaces what was approved for an agent by what `change` makes of it. @throws whatever `change` throws. */
export async function changeCapabilities(
  { name, file }: AgentKey,
  change: (before: readonly Capability[]) => readonly Capability[],
): Promise<void> {
  const path = pathOf({ name, file });
  await withLock(
    join(directory(), '.lock'),
    async () => {
      const capabilities = change(await readCapabilities({ name, file }));
      const text = JSON.stringify({ version: 1, agent: { name, file }, capabilities }, null, 2);
      if (capabilities.length === 0) await rm(path, { force: true });
      else await writeAtomically(path, `${text}\n`);
    },
    { timeoutMs: LOCK_MS },
  );
}
