import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isMissing, syncDirectory, writeAtomically } from '../host/files.ts';
import { readJson } from '../host/read-json.ts';
import { bottlePaths } from './paths.ts';

/** Every kind of thing that a bottle acquires, by what it takes to be rid of it. */
export const undoAction = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('network'), name: z.string() }),
  z.strictObject({ kind: z.literal('container'), name: z.string() }),
  /** `smolvm` is the binary that made the machine: another version may keep its state elsewhere. */
  z.strictObject({ kind: z.literal('machine'), name: z.string(), smolvm: z.string() }),
  z.strictObject({ kind: z.literal('path'), path: z.string() }),
  /** The process that joins the bottle's sockets; its identity is in the bottle's own directory. */
  z.strictObject({ kind: z.literal('relay'), name: z.string() }),
]);
export type UndoAction = z.infer<typeof undoAction>;

const journalEntry = z.strictObject({ phase: z.string(), at: z.iso.datetime(), undo: undoAction });

export interface JournalEntry extends z.infer<typeof journalEntry> {
  /** The entry's file name; sorts in the order of writing. */
  id: string;
}

let written = 0;

/**
 * Promises to undo something, durably, before it is acquired. One file an entry: phases that run at the same
 * time share no file, and a cut-off write harms nothing but itself.
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

/** What is still to be undone, newest first. */
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

/** Strikes an entry out: its thing is gone. */
export async function markUndone(slug: string, id: string): Promise<void> {
  const directory = bottlePaths.journal(slug);
  await rm(join(directory, id), { force: true });
  await syncDirectory(directory);
}
