import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { clearFailure, recordFailure } from '../bottle/failures.ts';
import { journal, markUndone } from '../bottle/journal.ts';
import { readMetadata } from '../bottle/metadata.ts';
import { bottleDirectory } from '../bottle/paths.ts';
import { digestOf, type PhaseRecord, readRecord, touchRecord, writeRecord } from '../bottle/records.ts';
import { BottleError } from '../errors.ts';
import { withLock } from '../host/lock.ts';
import { withBottleLock } from './bottle-lock.ts';
import type { Phase, PhaseContext } from './phase.ts';

export interface RunOptions {
  force: boolean;
  signal: AbortSignal;
  say: (line: string) => void;
}

export interface PhaseOutcome<T> {
  record: PhaseRecord<T>;
  /** False when the record was up to date and alive, so that nothing was done. */
  ran: boolean;
}

/** Milliseconds to wait for another process that runs the same phase of the same bottle. */
const SAME_PHASE_TIMEOUT_MS = 15 * 60_000;

/**
 * Runs one phase of one bottle, unless its record is up to date and what it describes still exists.
 * @throws BottleError `state-missing` when a phase that it needs has not run.
 */
export async function runPhase<T>(
  phase: Phase<T>,
  slug: string,
  options: RunOptions,
): Promise<PhaseOutcome<T>> {
  const lock = join(bottleDirectory(slug), 'locks', `${phase.name}.db`);
  const work = async () => {
    await clearFailure(slug, phase.name);
    try {
      return await runLocked(phase, slug, options);
    } catch (error) {
      const { code, exitCode } = error instanceof BottleError ? error : new BottleError('internal', '');
      await recordFailure(slug, { phase: phase.name, code, exitCode });
      throw error;
    }
  };
  await assertBottle(slug);
  if (phase.concurrent) return work();
  const { signal } = options;
  return withBottleLock(slug, { purpose: 'acquire', signal }, () =>
    withLock(lock, work, { timeoutMs: SAME_PHASE_TIMEOUT_MS }),
  );
}

/** Checks that the bottle exists, so that a mistyped slug does not create a directory. */
async function assertBottle(slug: string): Promise<void> {
  if ((await readMetadata(slug)) !== undefined) return;
  throw new BottleError('state-missing', `no bottle is named ${slug}`, {
    hint: 'Create one with `make launch AGENT=…` or `make prepare AGENT=…`; `make status` lists bottles.',
  });
}

async function runLocked<T>(phase: Phase<T>, slug: string, options: RunOptions): Promise<PhaseOutcome<T>> {
  const context = contextFor(phase, slug, options);
  const inputs = await digestInputs(phase, slug);
  const existing = options.force ? undefined : await readRecord(slug, phase.name, phase.record);
  if (
    existing &&
    isDeepStrictEqual(existing.inputs, inputs) &&
    (await phase.isAlive(context, existing.data))
  ) {
    await touchRecord(slug, phase.name);
    return { record: existing, ran: false };
  }
  const started = performance.now();
  const data = phase.record.parse(await phase.run(context));
  const durationMs = Math.round(performance.now() - started);
  const record = { phase: phase.name, at: new Date().toISOString(), durationMs, inputs, data };
  await writeRecord(slug, record);
  return { record, ran: true };
}

/** Creates the context in which a phase runs. */
export function contextFor(
  phase: Pick<Phase<unknown>, 'name'>,
  slug: string,
  options: RunOptions,
): PhaseContext {
  return {
    slug,
    signal: options.signal,
    force: options.force,
    say: options.say,
    read: async (needed) => (await readNeeded(needed, slug, phase.name)).data,
    willUndo: async (action) => {
      const id = await journal(slug, phase.name, action);
      return () => markUndone(slug, id);
    },
  };
}

async function digestInputs(phase: Phase<unknown>, slug: string): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  // Sequential, so that the error always names the first missing phase.
  for (const needed of phase.needs) {
    digests[needed.name] = digestOf((await readNeeded(needed, slug, phase.name)).data);
  }
  return digests;
}

async function readNeeded<T>(needed: Phase<T>, slug: string, by: string): Promise<PhaseRecord<T>> {
  const record = await readRecord(slug, needed.name, needed.record);
  if (record !== undefined) return record;
  throw new BottleError(
    'state-missing',
    `${by} needs ${needed.name}, which has not run for the bottle ${slug}`,
    {
      hint: `Run it first, or run all phases: make up BOTTLE=${slug}`,
    },
  );
}
