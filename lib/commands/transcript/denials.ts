import type { FollowOptions } from '../logs/audit-lines.ts';
import { targetOf } from '../logs/audit-table.ts';
import { gitNotes, gitTarget } from '../logs/git-row.ts';
import type { Source } from '../logs/in-order.ts';
import { type LoggedEntry, readEntries } from '../logs/read-entries.ts';
import type { Ordered } from './read-session.ts';
import type { ShownEvent } from './shown-event.ts';

/** Yields what egress and the git gate refused; `undefined` when all so far has been yielded. */
export async function* denials(slug: string, options: FollowOptions): Source<Ordered> {
  for await (const line of readEntries(slug, options)) {
    if (line === undefined) yield undefined;
    const event = line?.entry === undefined ? undefined : denialOf(line.entry);
    if (event !== undefined) yield { order: event.time ?? '', event };
  }
}

function denialOf(entry: LoggedEntry): ShownEvent | undefined {
  if ('id' in entry) return undefined;
  const time = new Date(entry.time).toISOString();
  if ('lost' in entry) return { kind: 'gap', time, lost: entry.lost };
  if (entry.verdict !== 'deny') return undefined;
  const about = { kind: 'denial', time } as const;
  if ('event' in entry)
    return {
      ...about,
      by: 'git-gate',
      method: entry.event,
      target: gitTarget(entry),
      reason: gitNotes(entry),
    };
  const reason = [entry.reason, entry.secrets?.join(', ')].filter(Boolean).join(': ');
  return { ...about, by: 'egress', method: entry.method, target: targetOf(entry), reason };
}
