import type { Change } from '../../workspace/changes.ts';
import { type Judged, judge } from './judge.ts';
import { writeChanges } from './write-changes.ts';

export interface Applied {
  readonly applied: readonly Change[];
  /** What the working tree had already. */
  readonly done: readonly Change[];
  readonly left: readonly { readonly change: Change; readonly reason: string }[];
}

/**
 * Takes changes into the working tree, but those that would touch anything of the operator's own: since they were shown,
 * the operator may have edited more. @throws BottleError `git-failed`, before anything is written
 */
export async function applyChanges(changes: readonly Change[], signal: AbortSignal): Promise<Applied> {
  const judged = await judge(changes);
  const ready = changesThat(judged, 'ready');
  const blocked: Change[] = [];
  for (const directory of new Set(ready.map((change) => change.in.directory))) {
    const own = ready.filter((change) => change.in.directory === directory);
    blocked.push(...(await writeChanges(directory, own, signal)));
  }
  return {
    applied: ready.filter((change) => !blocked.includes(change)),
    done: changesThat(judged, 'done'),
    left: [...leftOf(judged), ...blocked.map((change) => ({ change, reason: 'something is in the way' }))],
  };
}

export function changesThat(judged: readonly Judged[], state: Judged['state']): Change[] {
  return judged.filter((one) => one.state === state).map(({ change }) => change);
}

export function leftOf(judged: readonly Judged[]): { change: Change; reason: string }[] {
  return judged.flatMap(({ change, state, reason = '' }) => (state === 'left' ? [{ change, reason }] : []));
}
