import { mkdir } from 'node:fs/promises';
import { bottlePaths } from '../../../lib/bottle/paths.ts';
import type { Proposal } from '../../../lib/daemons/contract/supervise/proposal.ts';
import { proposalFile, replaceQueueFile } from '../../../lib/daemons/contract/supervise/queue-files.ts';
import { BOTTLE } from './scene.ts';

const DAY_MS = 86_400_000;

/** A proposal that was made now, apart from `changes`. */
export function proposalOf(changes: Partial<Proposal> = {}): Proposal {
  const now = Date.now();
  return {
    version: 1,
    id: 'p-0r3k7m',
    bottle: BOTTLE,
    created: new Date(now).toISOString(),
    expires: new Date(now + DAY_MS).toISOString(),
    count: 1,
    told: false,
    request: { kind: 'allow', host: 'pypi.org', methods: ['GET'], reason: 'To install requests.' },
    ...changes,
  };
}

/** Writes a proposal into the queue of its bottle, as the daemon does. */
export async function propose(changes: Partial<Proposal> = {}): Promise<Proposal> {
  const proposal = proposalOf(changes);
  const directory = bottlePaths.superviseQueue(proposal.bottle);
  await mkdir(directory, { recursive: true });
  await replaceQueueFile(directory, proposalFile(proposal.id), proposal);
  return proposal;
}
