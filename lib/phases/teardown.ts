import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { markUndone, pendingUndo } from '../bottle/journal.ts';
import { bottleDirectory } from '../bottle/paths.ts';
import { removeRecord } from '../bottle/records.ts';
import { BottleError, messageOf } from '../errors.ts';
import { withLock } from '../host/lock.ts';
import { PHASES } from './graph.ts';
import { describeUndo, undo } from './undo.ts';

const LOCK_TIMEOUT_MS = 5 * 60_000;

/**
 * Undoes all that a bottle has acquired, newest first, past every failure; each thing undone is struck out of the
 * journal, so that a second teardown has only the rest to do. Gives the names of what was undone.
 * @throws BottleError `teardown-incomplete`, with all failures together.
 */
export async function teardown(slug: string, say: (line: string) => void): Promise<string[]> {
  const lock = join(bottleDirectory(slug), 'locks', 'teardown.db');
  return withLock(lock, () => undoAll(slug, say), { timeoutMs: LOCK_TIMEOUT_MS });
}

async function undoAll(slug: string, say: (line: string) => void): Promise<string[]> {
  const undone: string[] = [];
  const failures: string[] = [];
  for (const entry of await pendingUndo(slug)) {
    const what = describeUndo(entry.undo);
    try {
      await undo(slug, entry.undo);
      await markUndone(slug, entry.id);
      undone.push(what);
    } catch (error) {
      failures.push(`${what}: ${messageOf(error)}`);
      say(`could not remove ${what}`);
    }
  }
  const perishable = PHASES.filter((phase) => !phase.durable);
  await Promise.all(perishable.map((phase) => removeRecord(slug, phase.name)));
  if (failures.length === 0) return [...new Set(undone)];
  throw new BottleError(
    'teardown-incomplete',
    `${failures.length} of the bottle’s things remain:\n  ${failures.join('\n  ')}`,
    {
      hint: `Try again: make teardown BOTTLE=${slug}. The journal names what is left.`,
    },
  );
}

/** Removes a bottle's state directory: only when its journal is empty, or the promises in it would be lost. */
export async function forgetBottle(slug: string): Promise<void> {
  const pending = await pendingUndo(slug);
  if (pending.length > 0) {
    throw new BottleError(
      'teardown-incomplete',
      `the bottle ${slug} still has ${pending.length} things to undo`,
      {
        hint: `make teardown BOTTLE=${slug}`,
      },
    );
  }
  await rm(bottleDirectory(slug), { recursive: true, force: true });
}
