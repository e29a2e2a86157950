import { AUDITS } from '../contract/audit-files.ts';
import { gitAuditEntry } from '../contract/git-gate/audit.ts';
import { newestLines } from './newest-lines.ts';

/** What the agent reads of a push that the git gate refused. */
export interface RefusedPush {
  readonly time: string;
  readonly repo: string;
  readonly refs: readonly (string | null)[];
  /** What each check found; findings of secrets with their ids. */
  readonly faults: readonly string[];
}

/** Returns the last push that the git gate refused; `undefined` when there is none, or the audit cannot be read. */
export async function lastRefusedPush(directory: string): Promise<RefusedPush | undefined> {
  for (const line of await newestLines(directory, AUDITS['git-gate'])) {
    const entry = gitAuditEntry.safeParse(line).data;
    if (entry?.event !== 'push' || entry.verdict !== 'deny') continue;
    const { time, repo, refs, checks, reason } = entry;
    const found = checks.flatMap(({ check, faults }) => faults.map((fault) => `${check}: ${fault}`));
    return {
      ...{ time, repo },
      refs: refs.map(({ ref }) => ref),
      faults: reason === null ? found : [reason, ...found],
    };
  }
  return undefined;
}
