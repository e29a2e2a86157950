import { opendir } from 'node:fs/promises';
import { type Decision, decision, fits } from './decision.ts';
import { type Proposal, proposal } from './proposal.ts';
import { decisionFile, proposalFile, queueFile, readQueueFile, type Unusable } from './queue-files.ts';

/** A proposal and what was decided about it. */
export interface QueueEntry {
  readonly proposal: Proposal;
  readonly decision: Decision | undefined;
}

export interface Queue {
  /** Oldest first. */
  readonly entries: readonly QueueEntry[];
  /** Files that are none of the queue's, or cannot be used. */
  readonly unusable: readonly { readonly name: string; readonly fault: string }[];
}

/** Entries of the directory that are looked at; a queue within its limits has half as many. */
const MAX_FILES = 600;

/** Reads the queue of a bottle; one that does not exist is empty. @throws Error when the directory cannot be read. */
export async function readQueue(directory: string, bottle: string): Promise<Queue> {
  const names = await namesIn(directory);
  const unusable: { name: string; fault: string }[] = [];
  if (names.length > MAX_FILES) unusable.push({ name: '', fault: `more than ${MAX_FILES} files` });
  const entries: QueueEntry[] = [];
  for (const name of names.slice(0, MAX_FILES).toSorted()) {
    const file = queueFile(name);
    if (file === undefined) unusable.push({ name, fault: 'not a file of the queue' });
    if (file?.kind !== 'proposal') continue;
    const found = await readProposal(directory, bottle, file.id);
    if (found === undefined) continue;
    if ('fault' in found) {
      unusable.push({ name, fault: found.fault });
      continue;
    }
    const decided = await readDecision(directory, found.value);
    if (decided !== undefined && 'fault' in decided)
      unusable.push({ name: decisionFile(file.id), fault: decided.fault });
    const isDecided = decided !== undefined && 'value' in decided;
    entries.push({ proposal: found.value, decision: isDecided ? decided.value : undefined });
  }
  return { entries, unusable };
}

/** `undefined`: there is none. */
export async function readProposal(
  directory: string,
  bottle: string,
  id: string,
): Promise<{ readonly value: Proposal } | Unusable | undefined> {
  const found = await readQueueFile(directory, proposalFile(id), proposal);
  if (found === undefined || 'fault' in found) return found;
  if (found.value.id !== id) return { fault: 'it names another id' };
  // Or a bundle could ask in the name of another bottle.
  return found.value.bottle === bottle ? found : { fault: 'it names another bottle' };
}

/** What was decided about a proposal; `undefined`: nothing yet. */
export async function readDecision(
  directory: string,
  { id, request }: Proposal,
): Promise<{ readonly value: Decision } | Unusable | undefined> {
  const found = await readQueueFile(directory, decisionFile(id), decision);
  if (found === undefined || 'fault' in found) return found;
  if (found.value.id !== id) return { fault: 'it names another id' };
  return fits(request.kind, found.value.verdict) ? found : { fault: 'it does not fit the proposal' };
}

async function namesIn(directory: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of await opendir(directory)) {
      names.push(name);
      if (names.length > MAX_FILES) break;
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  return names;
}
