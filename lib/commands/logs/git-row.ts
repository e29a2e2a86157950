import type { AuditedRef, GitAuditEntry } from '../../daemons/contract/git-gate/audit.ts';

const SHOWN_REFS = 3;

/** The repository of a fetch or a push, with its branches and what they were and are. */
export function gitTarget({ event, repo, refs, more_refs, commits }: GitAuditEntry): string {
  const shown = refs.slice(0, SHOWN_REFS).map((ref) => (event === 'push' ? changeOf(ref) : nameOf(ref)));
  const more = refs.length - shown.length + more_refs;
  const parts = [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ');
  const count =
    commits === null || commits === 0 ? '' : ` (${commits} ${commits === 1 ? 'commit' : 'commits'})`;
  return `${[repo, parts].filter(Boolean).join(' ')}${count}`;
}

/** Why a fetch or a push was refused or failed; empty where it was not. */
export function gitNotes({ reason, checks, refs }: GitAuditEntry): string {
  const faults = checks.flatMap(({ check, faults: found }) => found.map((fault) => `${check}: ${fault}`));
  const answers = refs.flatMap(({ said }) => said ?? []);
  return [...(reason === null ? [] : [reason.replaceAll('\n', ' ')]), ...faults, ...new Set(answers)].join(
    '; ',
  );
}

function nameOf({ ref, new: id }: AuditedRef): string {
  return ref?.replace(/^refs\/(?:heads\/)?/, '') ?? short(id);
}

function changeOf(change: AuditedRef): string {
  const { old, new: id } = change;
  if (id === null) return `${nameOf(change)} deleted`;
  if (old === null) return `${nameOf(change)} new ${short(id)}`;
  return `${nameOf(change)} ${short(old)}..${short(id)}`;
}

const short = (id: string | null) => id?.slice(0, 7) ?? 'none';
