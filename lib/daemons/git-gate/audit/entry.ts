import { type AuditedRef, GIT_AUDIT_LIMITS, type GitAuditEntry } from '../../contract/git-gate/audit.ts';
import { isNone, type PushEnd, type RequestEnd } from '../../contract/git-gate/control.ts';
import { printable } from '../../shared/ascii-json.ts';
import type { PushAccount } from '../push.ts';

type Entry = Omit<GitAuditEntry, 'time' | 'bottle'>;

/** The entry of a push that was judged. */
export function pushEntry(account: PushAccount, traffic: PushEnd | undefined): Entry {
  const { repo, commands, checks, commits, upstream, ms } = account;
  const isDenied = checks.some(({ faults }) => faults.length > 0);
  const isTaken = upstream?.every(({ fault }) => fault === null) === true;
  const refs = commands.map(({ ref, old, new: id }): AuditedRef => {
    const answer = upstream?.find((one) => one.ref === ref);
    return {
      ...{ ref: cut(ref), old: isNone(old) ? null : old, new: isNone(id) ? null : id },
      taken: answer === undefined ? null : answer.fault === null,
      ...(typeof answer?.fault === 'string' ? { said: cut(answer.fault) } : {}),
    };
  });
  return {
    ...{ event: 'push', repo, verdict: isDenied ? 'deny' : isTaken ? 'allow' : 'fail', reason: null },
    ...listed(refs),
    commits,
    checks: checks.map(({ check, faults }) => ({
      check,
      faults: faults.slice(0, GIT_AUDIT_LIMITS.faults).map(cut),
    })),
    ...{ sent: traffic?.sent ?? null, received: traffic?.received ?? null, ms },
  };
}

/** The entry of what git-http reports. `refs`: id of each branch and tag of the mirror. */
export function requestEntry(end: RequestEnd, refs: ReadonlyMap<string, string>): Entry {
  const { event, repo, verdict, reason, wants, sent, received, ms } = end;
  const nameOf = new Map([...refs].map(([ref, id]) => [id, ref]));
  const fetched = [...new Set(wants)].map((id): AuditedRef => {
    const name = nameOf.get(id);
    return { ref: name === undefined ? null : cut(name), old: null, new: id, taken: null };
  });
  return {
    ...{ event, repo, verdict, reason: reason === null ? null : cut(reason) },
    ...listed(fetched),
    ...{ commits: null, checks: [], sent, received, ms },
  };
}

function listed(refs: AuditedRef[]): Pick<Entry, 'refs' | 'more_refs'> {
  const shown = refs.slice(0, GIT_AUDIT_LIMITS.refs);
  return { refs: shown, more_refs: refs.length - shown.length };
}

function cut(text: string): string {
  const plain = printable(text);
  return plain.length <= GIT_AUDIT_LIMITS.text ? plain : `${plain.slice(0, GIT_AUDIT_LIMITS.text)}…`;
}
