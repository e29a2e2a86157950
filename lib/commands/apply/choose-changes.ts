import { visibleName } from '../../host/visible.ts';
import type { Asker } from '../../terminal/ask.ts';
import { type Change, shownPath } from '../../workspace/changes.ts';

/** Shows the diff of some changes, and waits until the operator has left it. */
export type ShowDiff = (changes: readonly Change[]) => Promise<void>;

/** Asks which changes to apply. @returns none for no. */
export async function chooseChanges(
  ask: Asker,
  ready: readonly Change[],
  show: ShowDiff,
): Promise<readonly Change[]> {
  const choices = [
    { value: 'diff', label: 'show the diff' },
    { value: 'all', label: ready.length === 1 ? 'apply it' : `apply all ${ready.length}` },
    { value: 'each', label: 'ask file by file' },
    { value: 'none', label: 'apply nothing' },
  ];
  for (;;) {
    const answer = await ask.choose('Apply to your working tree?', choices);
    if (answer === 'all') return ready;
    if (answer === 'none') return [];
    if (answer === 'each') return chooseEach(ask, ready, show);
    await show(ready);
  }
}

async function chooseEach(ask: Asker, ready: readonly Change[], show: ShowDiff): Promise<Change[]> {
  const chosen: Change[] = [];
  const choices = [
    { value: 'skip', label: 'leave it' },
    { value: 'apply', label: 'apply it' },
    { value: 'diff', label: 'show its diff' },
    { value: 'stop', label: 'stop asking, and apply what was chosen' },
  ];
  for (const change of ready) {
    let answer = 'diff';
    while (answer === 'diff') {
      answer = await ask.choose(visibleName(shownPath(change)), choices);
      if (answer === 'diff') await show([change]);
    }
    if (answer === 'stop') break;
    if (answer === 'apply') chosen.push(change);
  }
  return chosen;
}
