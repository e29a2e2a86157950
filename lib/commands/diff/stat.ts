import { visibleName } from '../../host/visible.ts';
import { columns } from '../../terminal/output.ts';
import { type Change, isSubmodule, shownPath } from '../../workspace/changes.ts';

const SIGN = { added: 'new', deleted: 'deleted', modified: '', 'type-changed': 'other type' } as const;

/** One row a change: path, added and deleted lines, and what else is to be known. `note` has more on a change. */
export function statTable(
  changes: readonly Change[],
  note: (change: Change) => string = () => '',
  width?: number,
): string {
  const rows = changes.map((change) => {
    const remarks = [SIGN[change.status], modeOf(change), note(change)].filter((text) => text !== '');
    return [visibleName(shownPath(change)), sizeOf(change), remarks.join(', ')];
  });
  return columns(rows, { width });
}

export function totalLine(changes: readonly Change[]): string {
  const sum = (pick: (change: Change) => number | undefined) =>
    changes.reduce((total, change) => total + (pick(change) ?? 0), 0);
  const files = changes.length === 1 ? '1 file' : `${changes.length} files`;
  return `${files}, +${sum(({ added }) => added)} -${sum(({ deleted }) => deleted)} lines`;
}

function sizeOf(change: Change): string {
  if (isSubmodule(change)) return 'submodule';
  if (change.added === undefined || change.deleted === undefined) return 'binary';
  return `+${change.added} -${change.deleted}`;
}

function modeOf({ oldMode, newMode }: Change): string {
  if (newMode === '120000') return 'symlink';
  if (newMode === '100755' && oldMode !== '100755') return 'executable';
  return newMode === '100644' && oldMode === '100755' ? 'no longer executable' : '';
}
