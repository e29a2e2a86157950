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
 * Removes everything that a bottle has acquired, newest first, continuing past failures. Each removed
 * resource is deleted from the journal, so that a second teardown only does the rest.
 * @returns the names of what was removed.
 * @throws BottleError `teardown-incomplete`, listing all failures.
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
  const transient = PHASES.filter((phase) => !phase.durable);
  await Promise.all(transient.map((phase) => removeRecord(slug, phase.name)));
  if (failures.length === 0) return [...new Set(undone)];
  throw new BottleError(
    'teardown-incomplete',
    `${failures.length} of the bottle’s resources could not be removed:\n  ${failures.join('\n  ')}`,
    {
      hint: `Try again: make teardown BOTTLE=${slug}. The journal names what is left.`,
    },
  );
}

/**
 * Removes a bottle's state directory.
 * @throws BottleError `teardown-incomplete` unless its journal is empty, since pending entries would be lost.
 */
export async function forgetBottle(slug: string): Promise<void> {
  const pending = await pendingUndo(slug);
  if (pending.length > 0) {
    throw new BottleError(
      'teardown-incomplete',
      `the bottle ${slug} still has ${pending.length} resources to remove`,
      {
        hint: `Remove them: make teardown BOTTLE=${slug}`,
      },
    );
  }
  await rm(bottleDirectory(slug), { recursive: true, force: true });
}
