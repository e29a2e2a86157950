// Writes proposals and decisions into the directory of its argument, until it is killed.

import { nextProposalId } from '../../../lib/daemons/contract/supervise/proposal-id.ts';
import {
  decisionFile,
  proposalFile,
  replaceQueueFile,
  writeQueueFile,
} from '../../../lib/daemons/contract/supervise/queue-files.ts';
import { proposalOf } from './proposals.ts';

const directory = process.argv[2] ?? '';
const request = { kind: 'ask', question: 'x'.repeat(4000) } as const;
let last: string | undefined;
for (;;) {
  const id = nextProposalId(0, last);
  const proposal = proposalOf({ id, request });
  const decided = proposal.created;
  await writeQueueFile(directory, proposalFile(id), proposal);
  await replaceQueueFile(directory, proposalFile(id), { ...proposal, count: 2 });
  const verdict = { state: 'answered', text: 'y'.repeat(4000) };
  await writeQueueFile(directory, decisionFile(id), { version: 1, id, decided, by: 'ann', verdict });
  if (last === undefined) process.stdout.write('begun\n');
  last = id;
}
