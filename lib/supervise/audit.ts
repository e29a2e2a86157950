import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bottlePaths } from '../bottle/paths.ts';
import type { SuperviseAuditEntry } from '../daemons/contract/supervise/audit.ts';
import type { Decision } from '../daemons/contract/supervise/decision.ts';
import type { Proposal } from '../daemons/contract/supervise/proposal.ts';
import { type QueueEntry, readQueue } from '../daemons/contract/supervise/read-queue.ts';
import { isMissing } from '../host/files.ts';
import { withAudit } from './append-audit.ts';
import { isExpired } from './queues.ts';

/**
 * Writes down a decision, and before it the proposal, each once, whoever calls this. Call it as soon as the decision
 * stands.
 * @param change what it changes in the effective routes, as `routeDiff` tells.
 * @throws Error when the audit cannot be written.
 */
export async function recordDecision(
  proposal: Proposal,
  decision: Pick<Decision, 'by' | 'decided' | 'verdict'>,
  change: readonly string[] = [],
): Promise<void> {
  await record(proposal.bottle, [proposed(proposal), decided(proposal, decision, change)]);
}

/** Writes down what came into the queue of a bottle, and what expired there without a person. */
export async function recordQueue(bottle: string, now = Date.now()): Promise<void> {
  await recordEntries(bottle, now, () => []);
}

/** As `recordQueue`, for a bottle that will be removed: what is still open ends with it. */
export async function recordEnd(bottle: string, now = Date.now()): Promise<void> {
  await recordEntries(bottle, now, ({ decision, proposal }) => {
    const isOpen = decision === undefined && !isExpired(proposal, now);
    return isOpen ? [ended(proposal, now)] : [];
  });
}

async function recordEntries(
  bottle: string,
  now: number,
  moreOf: (entry: QueueEntry) => Note[],
): Promise<void> {
  const { entries } = await readQueue(bottlePaths.superviseQueue(bottle), bottle);
  const notes = entries.flatMap((entry) => [...notesOfEntry(entry, now), ...moreOf(entry)]);
  await record(bottle, notes);
  await forget(bottle, new Set(entries.map(({ proposal }) => proposal.id)));
}

function notesOfEntry({ proposal, decision }: QueueEntry, now: number): Note[] {
  const lapsed = decision === undefined && isExpired(proposal, now);
  if (decision?.by !== null && !lapsed) return [proposed(proposal)];
  const at = decision?.decided ?? proposal.expires;
  const expired = { by: null, decided: at, verdict: { state: 'expired' } } as const;
  return [proposed(proposal), decided(proposal, expired, [])];
}

/** A line, and the name of the file that says that it was written. */
interface Note {
  readonly name: string;
  readonly entry: () => SuperviseAuditEntry;
}

function proposed(proposal: Proposal): Note {
  const { id, created } = proposal;
  return {
    name: `${id}.proposed`,
    entry: () => ({ ...about(proposal), event: 'proposed', created }),
  };
}

function decided(
  proposal: Proposal,
  { by, decided: at, verdict }: Pick<Decision, 'by' | 'decided' | 'verdict'>,
  change: readonly string[],
): Note {
  const waited = waitedUntil(Date.parse(at), proposal);
  return {
    name: `${proposal.id}.decided`,
    entry: () => ({ ...about(proposal), event: 'decided', by, verdict, waited, change: [...change] }),
  };
}

function ended(proposal: Proposal, now: number): Note {
  const waited = waitedUntil(now, proposal);
  return { name: `${proposal.id}.ended`, entry: () => ({ ...about(proposal), event: 'ended', waited }) };
}

function about({ bottle, id, count, request }: Proposal) {
  return { time: new Date().toISOString(), bottle, id, request, count };
}

/** Milliseconds; the clock of a bundle may be a little ahead. */
function waitedUntil(time: number, { created }: Proposal): number {
  return Math.max(0, time - Date.parse(created));
}

/** Where the host notes what it has written down: beside the queue, out of reach of the bundle. */
const notesOf = (bottle: string) => join(bottlePaths.superviseQueue(bottle), '..', 'audited');

/** Lines between two looks at the notes. A kill in between repeats them at most. */
const AT_ONCE = 50;

/** Appends what was not written before, by this or another process. */
async function record(bottle: string, notes: readonly Note[]): Promise<void> {
  const directory = notesOf(bottle);
  if ((await unwritten(directory, notes)).length === 0) return;
  await withAudit(async (append) => {
    const open = await unwritten(directory, notes);
    for (let first = 0; first < open.length; first += AT_ONCE) {
      const some = open.slice(first, first + AT_ONCE);
      await append(some.map(({ entry }) => entry()));
      // A bottle that was removed meanwhile must not come back, so only the last directory is made.
      await mkdir(directory, { mode: 0o700 }).catch(unless('EEXIST', 'ENOENT'));
      for (const { name } of some)
        await writeFile(join(directory, name), '', { mode: 0o600 }).catch(unless('ENOENT'));
    }
  });
}

async function unwritten(directory: string, notes: readonly Note[]): Promise<Note[]> {
  const written = new Set(await namesIn(directory));
  return notes.filter(({ name }) => !written.has(name));
}

async function namesIn(directory: string): Promise<string[]> {
  return await readdir(directory).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
}

function unless(...codes: readonly string[]): (error: unknown) => void {
  return (error) => {
    if (error instanceof Error && 'code' in error && codes.includes(String(error.code))) return;
    throw error;
  };
}

/** The queue keeps a number of proposals, and so do the notes. */
async function forget(bottle: string, kept: ReadonlySet<string>): Promise<void> {
  const directory = notesOf(bottle);
  const names = await namesIn(directory);
  const gone = names.filter((name) => !kept.has(name.split('.')[0] ?? ''));
  await Promise.all(gone.map((name) => rm(join(directory, name), { force: true })));
}
