import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type JournalEntry, markUndone, pendingUndo } from '../bottle/journal.ts';
import { bottleDirectory, bottlePaths } from '../bottle/paths.ts';
import { removeRecord } from '../bottle/records.ts';
import { CONTAINER_PATHS } from '../daemons/contract/paths.ts';
import { dockerTry } from '../docker/cli.ts';
import { BottleError, messageOf } from '../errors.ts';
import { committedReference, readCommitted } from '../guest/committed.ts';
import { undisturbed } from '../host/interruption.ts';
import { removeGrants } from '../supervise/grants-file.ts';
import { recordAtRemoval, recordAtTeardown } from '../supervise/last-record.ts';
import { interruptAcquiring, withBottleLock } from './bottle-lock.ts';
import { buildImage } from './build-image.ts';
import { PHASES } from './graph.ts';
import { packArtifact } from './pack-artifact.ts';
import { describeUndo, undo } from './undo.ts';

/**
 * Removes everything that a bottle has acquired, newest first, continuing past failures; then revokes its deploy keys. Each
 * removed resource is deleted from the journal, so that a second teardown only does the rest.
 * @returns the names of what was removed.
 * @throws BottleError `teardown-incomplete`, listing all failures; `key-not-revoked` when a deploy key is among them.
 */
export async function teardown(slug: string, say: (line: string) => void): Promise<string[]> {
  return undisturbed(async () => {
    await interruptAcquiring(slug, say);
    return withBottleLock(slug, { purpose: 'release' }, () => undoAll(slug, say));
  });
}

/** A CA that nothing uses any more must not be able to sign. */
async function removeKeys(slug: string): Promise<void> {
  const pipelock = join(bottlePaths.pipelock(slug), basename(CONTAINER_PATHS.pipelockCaKey));
  for (const path of [bottlePaths.ca(slug), pipelock]) await rm(path, { recursive: true, force: true });
}

interface Failure {
  readonly entry: JournalEntry;
  readonly error: unknown;
}

async function undoAll(slug: string, say: (line: string) => void): Promise<string[]> {
  const pending = await pendingUndo(slug);
  const first = await undoEach(
    slug,
    pending.filter((entry) => !isKey(entry)),
  );
  // What failed once may work now: a busy engine, or a network whose container has gone meanwhile.
  const again = await undoEach(
    slug,
    first.failures.map(({ entry }) => entry),
  );
  // Last: a forge may take long to respond, and until then the bottle would run on.
  const keys = await undoEach(slug, pending.filter(isKey));
  const failures = [...again.failures, ...keys.failures];
  const undone = [...first.undone, ...again.undone, ...keys.undone];
  for (const { entry } of failures) {
    say(`could not ${isKey(entry) ? 'revoke' : 'remove'} ${describeUndo(entry.undo)}`);
  }
  await recordAtTeardown(slug);
  await removeGrants(slug);
  await removeKeys(slug);
  // A freeze that was made meanwhile is what the bottle boots from next.
  const stale = (await readCommitted(slug)) === undefined ? [] : [buildImage, packArtifact];
  const transient = [...PHASES.filter((phase) => !phase.durable), ...stale];
  await Promise.all(transient.map((phase) => removeRecord(slug, phase.name)));
  if (failures.length === 0) return [...new Set(undone)];
  throw incomplete(slug, failures);
}

interface Undone {
  /** What was removed, by name. */
  readonly undone: readonly string[];
  readonly failures: readonly Failure[];
}

async function undoEach(slug: string, entries: readonly JournalEntry[]): Promise<Undone> {
  const undone: string[] = [];
  const failures: Failure[] = [];
  for (const entry of entries) {
    try {
      await undo(slug, entry.undo);
      await markUndone(slug, entry.id);
      undone.push(describeUndo(entry.undo));
    } catch (error) {
      failures.push({ entry, error });
    }
  }
  return { undone, failures };
}

const isKey = ({ undo }: JournalEntry): boolean => undo.kind === 'deploy-key';

function incomplete(slug: string, failures: readonly Failure[]): BottleError {
  const lines = failures.map(({ entry, error }) => `${describeUndo(entry.undo)}: ${messageOf(error)}`);
  const list = `:\n  ${lines.join('\n  ')}`;
  const keys = failures.filter(({ entry }) => isKey(entry)).length;
  if (keys === 0) {
    const message = `${failures.length} of the bottle’s resources could not be removed${list}`;
    const hint = `Try again: make teardown BOTTLE=${slug}. The journal names what is left.`;
    return new BottleError('teardown-incomplete', message, { hint });
  }
  const others = failures.length - keys;
  const also = others === 0 ? '' : `, and ${others} of its other resources could not be removed`;
  const message = `${keys} of the bottle’s deploy keys could not be revoked${also}${list}`;
  const hint = `A key gives access until it is revoked. Correct what is wrong, then: make teardown BOTTLE=${slug}. It needs the token even when you have removed the key on its page yourself.`;
  return new BottleError('key-not-revoked', message, { hint });
}

/**
 * Removes a bottle's state directory, and writes down what it still asked for.
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
  await recordAtRemoval(slug);
  await removeCommittedImage(slug);
  await rm(bottleDirectory(slug), { recursive: true, force: true });
}

/** Best effort: `cleanup` finds it, too. */
async function removeCommittedImage(slug: string): Promise<void> {
  const committed = await readCommitted(slug).catch(() => undefined);
  if (committed?.kind === 'artifact') await dockerTry(['image', 'rm', committedReference(slug)]);
}
