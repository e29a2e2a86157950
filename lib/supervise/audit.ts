import { access, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bottlePaths } from '../bottle/paths.ts';
import type { SuperviseAuditEntry } from '../daemons/contract/supervise/audit.ts';
import type { Decision } from '../daemons/contract/supervise/decision.ts';
import type { Proposal } from '../daemons/contract/supervise/proposal.ts';
import { type Queue, readQueue } from '../daemons/contract/supervise/read-queue.ts';
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
  { by, decided, verdict }: Pick<Decision, 'by' | 'decided' | 'verdict'>,
  change: readonly string[] = [],
): Promise<void> {
  await recordProposal(proposal);
  const { bottle, id, created, count, request } = proposal;
  await once(bottle, `${id}.decided`, () => {
    const waited = waitedUntil(Date.parse(decided), created);
    const about = { time: new Date().toISOString(), bottle, id, request, count };
    return { ...about, event: 'decided', by, verdict, waited, change: [...change] };
  });
}

/** Writes down what came into the queue of a bottle, and what expired there without a person. */
export async function recordQueue(bottle: string, now = Date.now()): Promise<void> {
  const queue = await readQueue(bottlePaths.superviseQueue(bottle), bottle);
  await recordEntries(bottle, queue, now);
}

/** As `recordQueue`, for a bottle that will be removed: what is still open ends with it. */
export async function recordEnd(bottle: string, now = Date.now()): Promise<void> {
  const queue = await readQueue(bottlePaths.superviseQueue(bottle), bottle);
  await recordEntries(bottle, queue, now);
  for (const { proposal, decision } of queue.entries) {
    if (decision !== undefined || isExpired(proposal, now)) continue;
    const { id, created, count, request } = proposal;
    await once(bottle, `${id}.ended`, () => {
      const about = { time: new Date().toISOString(), bottle, id, request, count };
      return { ...about, event: 'ended', waited: waitedUntil(now, created) };
    });
  }
}

async function recordEntries(bottle: string, { entries }: Queue, now: number): Promise<void> {
  for (const { proposal, decision } of entries) {
    await recordProposal(proposal);
    const lapsed = decision === undefined && isExpired(proposal, now);
    if (decision?.by === null || lapsed) {
      const decided = decision?.decided ?? proposal.expires;
      await recordDecision(proposal, { by: null, decided, verdict: { state: 'expired' } });
    }
  }
  await forget(bottle, new Set(entries.map(({ proposal }) => proposal.id)));
}

/** Milliseconds; the clock of a bundle may be a little ahead. */
function waitedUntil(time: number, created: string): number {
  return Math.max(0, time - Date.parse(created));
}

async function recordProposal({ bottle, id, created, count, request }: Proposal): Promise<void> {
  await once(bottle, `${id}.proposed`, () => {
    const about = { time: new Date().toISOString(), bottle, id, request, count };
    return { ...about, event: 'proposed', created };
  });
}

/** Where the host notes what it has written down: beside the queue, out of reach of the bundle. */
const notesOf = (bottle: string) => join(bottlePaths.superviseQueue(bottle), '..', 'audited');

/** Appends an entry unless that was done before, by this or another process. A kill in between repeats it at most. */
async function once(bottle: string, name: string, entry: () => SuperviseAuditEntry): Promise<void> {
  const directory = notesOf(bottle);
  const note = join(directory, name);
  if (await exists(note)) return;
  await withAudit(async (append) => {
    if (await exists(note)) return;
    await append(entry());
    // A bottle that was removed meanwhile must not come back, so only the last directory is made.
    await mkdir(directory, { mode: 0o700 }).catch(unless('EEXIST', 'ENOENT'));
    await writeFile(note, '', { mode: 0o600 }).catch(unless('ENOENT'));
  });
}

function unless(...codes: readonly string[]): (error: unknown) => void {
  return (error) => {
    if (error instanceof Error && 'code' in error && codes.includes(String(error.code))) return;
    throw error;
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

/** The queue keeps a number of proposals, and so do the notes. */
async function forget(bottle: string, kept: ReadonlySet<string>): Promise<void> {
  const directory = notesOf(bottle);
  const names = await readdir(directory).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const gone = names.filter((name) => !kept.has(name.split('.')[0] ?? ''));
  await Promise.all(gone.map((name) => rm(join(directory, name), { force: true })));
}
