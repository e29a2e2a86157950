import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { bottlePaths } from '../bottle/paths.ts';
import { writeAtomically } from '../host/files.ts';
import { identifyProcess, isProcessAlive, processIdentity } from '../host/process-identity.ts';
import { readJson } from '../host/read-json.ts';

/** A session of a bottle, as long as the process that holds it lives. */
const sessionEntry = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{8}$/),
  kind: z.enum(['agent', 'shell', 'exec']),
  /** The process of the host that holds it; SIGTERM makes it end the session. */
  holder: processIdentity,
  /** UTC, ISO 8601. */
  startedAt: z.iso.datetime(),
  /** Whether it goes on without a terminal, and can be joined. */
  detached: z.boolean(),
});
export type SessionEntry = z.infer<typeof sessionEntry>;

export type SessionKind = SessionEntry['kind'];

/**
 * Records that this process holds a session. @returns its ID, and a function that removes the record.
 */
export async function registerSession(
  slug: string,
  kind: SessionKind,
  detached = false,
): Promise<{ id: string; unregister: () => Promise<void> }> {
  const id = randomBytes(4).toString('hex');
  const holder = await identifyProcess(process.pid);
  const entry = { id, kind, holder, startedAt: new Date().toISOString(), detached };
  await mkdir(bottlePaths.sessions(slug), { recursive: true, mode: 0o700 });
  await writeAtomically(entryPath(slug, id), JSON.stringify(entry));
  return { id, unregister: () => rm(entryPath(slug, id), { force: true }) };
}

/** Returns the sessions of a bottle, oldest first. Forgets those whose process has died. */
export async function listSessions(slug: string): Promise<SessionEntry[]> {
  const names = await readdir(bottlePaths.sessions(slug)).catch(() => []);
  const ids = names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
  const entries = await Promise.all(ids.map((id) => livingSession(slug, id)));
  return entries
    .filter((entry) => entry !== undefined)
    .toSorted((a, b) => a.startedAt.localeCompare(b.startedAt));
}

async function livingSession(slug: string, id: string): Promise<SessionEntry | undefined> {
  // A record that cannot be read must not keep a launch from taking its bottle down.
  const entry = await readJson(entryPath(slug, id), sessionEntry).catch(() => undefined);
  if (entry === undefined || (await isProcessAlive(entry.holder))) return entry;
  await rm(entryPath(slug, id), { force: true });
  return undefined;
}

function entryPath(slug: string, id: string): string {
  return join(bottlePaths.sessions(slug), `${id}.json`);
}

/** Names a session in a few words, such as `agent (detached)`. */
export function describeSession({ kind, detached }: SessionEntry): string {
  return detached ? `${kind} (detached)` : kind;
}
