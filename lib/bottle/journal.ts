import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FORGES } from '../forge/forges.ts';
import { isMissing, syncDirectory, writeAtomically } from '../host/files.ts';
import { readJson } from '../host/read-json.ts';
import { bottlePaths } from './paths.ts';

/** A deploy key at a forge, or one that may have been registered: then it has no id, and is found by its title. */
export const deployKeyUndo = z.strictObject({
  kind: z.literal('deploy-key'),
  forge: z.enum(FORGES),
  /** The token is sent there. */
  apiUrl: z.string().startsWith('https://'),
  /** `OWNER/REPOSITORY`. */
  repository: z.string(),
  title: z.string(),
  /** The host variable with the forge's token; its value is never written down. */
  variable: z.string(),
  keyId: z.number().int().positive().optional(),
});
export type DeployKeyUndo = z.infer<typeof deployKeyUndo>;

/** Every kind of resource that a bottle acquires, with what is needed to remove it. */
export const undoAction = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('network'), name: z.string() }),
  z.strictObject({ kind: z.literal('container'), name: z.string() }),
  /** `smolvm` is the binary that created the machine; another version may keep its state elsewhere. */
  z.strictObject({ kind: z.literal('machine'), name: z.string(), smolvm: z.string() }),
  z.strictObject({ kind: z.literal('path'), path: z.string() }),
  /** The process that relays the bottle's sockets; its identity is in the bottle's state directory. */
  z.strictObject({ kind: z.literal('relay'), name: z.string() }),
  deployKeyUndo,
]);
export type UndoAction = z.infer<typeof undoAction>;

const journalEntry = z.strictObject({ phase: z.string(), at: z.iso.datetime(), undo: undoAction });

export interface JournalEntry extends z.infer<typeof journalEntry> {
  /** The entry's file name; sorts in writing order. */
  id: string;
}

let written = 0;

/**
 * Durably records an undo action before its resource is acquired. Each entry is its own file, so that phases
 * running concurrently share no file and an interrupted write damages only its own entry.
 * @returns the entry's id.
 */
export async function journal(slug: string, phase: string, undo: UndoAction): Promise<string> {
  const at = new Date();
  const order = `${String(at.getTime()).padStart(14, '0')}-${String(written++).padStart(4, '0')}`;
  const id = `${order}-${phase}-${undo.kind}-${process.pid}.json`;
  await writeAtomically(
    join(bottlePaths.journal(slug), id),
    JSON.stringify({ phase, at: at.toISOString(), undo }),
  );
  return id;
}

/** Returns the entries that are still to be undone, newest first. */
export async function pendingUndo(slug: string): Promise<JournalEntry[]> {
  const directory = bottlePaths.journal(slug);
  const names = await readdir(directory).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const ids = names
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .reverse();
  const entries = await Promise.all(
    ids.map(async (id) => {
      const entry = await readJson(join(directory, id), journalEntry);
      return entry === undefined ? [] : [{ id, ...entry }];
    }),
  );
  return entries.flat();
}

/** Whether a teardown has removed everything else: these keys stay registered until they are revoked. */
export function hasOnlyDeployKeys(entries: readonly JournalEntry[]): boolean {
  return entries.length > 0 && entries.every(({ undo }) => undo.kind === 'deploy-key');
}

/** Removes an entry whose resource is gone. */
export async function markUndone(slug: string, id: string): Promise<void> {
  const directory = bottlePaths.journal(slug);
  await rm(join(directory, id), { force: true });
  await syncDirectory(directory);
}
