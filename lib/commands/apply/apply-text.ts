import { BottleError } from '../../errors.ts';
import { bottleRef } from '../../git/bottle-refs.ts';
import { visibleName } from '../../host/visible.ts';
import { paint } from '../../terminal/output.ts';
import { type Change, shownPath } from '../../workspace/changes.ts';
import { statTable, totalLine } from '../diff/stat.ts';
import { changesThat, leftOf } from './apply.ts';
import type { Judged } from './judge.ts';
import { runsOnHost } from './runs-on-host.ts';

/** Names that are safe to copy into a shell. */
const PLAIN = /^[\w./-]+$/;
/** Most lines of a list that is for reading. */
const MOST_NAMED = 50;

/** The screen before anything is applied. */
export function previewText(judged: readonly Judged[], width: number | undefined): string {
  const ready = changesThat(judged, 'ready');
  const done = changesThat(judged, 'done');
  const mark = (change: Change) => (runsOnHost(change) ? paint('yellow', 'runs on your host') : '');
  const parts = [
    ...(ready.length === 0 ? [] : [statTable(ready, mark, width), totalLine(ready)]),
    ...(done.length === 0 ? [] : [`${done.length} more already as in the bottle`]),
    ...leftLines(leftOf(judged)),
    ...changesThat(judged, 'submodule').map(
      (change) => `submodule ${visibleName(shownPath(change))} is at another commit, which is not applied`,
    ),
  ];
  return parts.join('\n');
}

function leftLines(left: readonly { change: Change; reason: string }[]): string[] {
  const lines = left
    .slice(0, MOST_NAMED)
    .map(({ change, reason }) => `${paint('yellow', 'left')} ${visibleName(shownPath(change))}: ${reason}`);
  return left.length > MOST_NAMED ? [...lines, `and ${left.length - MOST_NAMED} more`] : lines;
}

/** How to take commits rather than files. */
export function mergeLine(slug: string, branches: readonly string[]): string {
  const plain = branches.filter((branch) => PLAIN.test(branch));
  const branch = plain.length === 1 ? plain[0] : '<branch>';
  const which = branch === '<branch>' && plain.length > 0 ? ` (${plain.slice(0, 20).join(', ')})` : '';
  return `To take its commits instead: git merge ${bottleRef(slug, `heads/${branch}`)}${which}`;
}

/** The end of a run that left files alone. */
export function conflictError(left: readonly { change: Change; reason: string }[]): BottleError {
  const named = left
    .slice(0, MOST_NAMED)
    .map(({ change, reason }) => `${visibleName(shownPath(change))}: ${reason}`);
  const more = left.length > MOST_NAMED ? [`and ${left.length - MOST_NAMED} more`] : [];
  const count = left.length === 1 ? '1 file was' : `${left.length} files were`;
  return new BottleError('work-conflicts', [`${count} left as you have it`, ...named, ...more].join('\n  '), {
    hint: 'Commit or move your own changes and try again, or merge the bottle’s branch.',
  });
}
