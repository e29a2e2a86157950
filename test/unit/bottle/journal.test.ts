import { describe, expect, it } from 'vitest';
import { journal, markUndone, pendingUndo } from '../../../lib/bottle/journal.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

describe('the undo journal', () => {
  useTemporaryHome();
  const slug = 'demo-abcde';

  it('pendingUndo returns journal entries, newest first', async () => {
    await journal(slug, 'allocate', { kind: 'network', name: 'n' });
    await journal(slug, 'start-bundle', { kind: 'container', name: 'c' });
    await journal(slug, 'create-guest', { kind: 'machine', name: 'm', smolvm: '/bin/smolvm' });
    const kinds = (await pendingUndo(slug)).map((entry) => entry.undo.kind);
    expect(kinds).toEqual(['machine', 'container', 'network']);
  });

  it('markUndone removes only the given entry, and is idempotent', async () => {
    const first = await journal(slug, 'allocate', { kind: 'network', name: 'n' });
    await journal(slug, 'start-bundle', { kind: 'container', name: 'c' });
    await markUndone(slug, first);
    await markUndone(slug, first);
    expect((await pendingUndo(slug)).map((entry) => entry.undo)).toEqual([{ kind: 'container', name: 'c' }]);
  });

  it('pendingUndo is empty for a bottle that acquired nothing', async () => {
    expect(await pendingUndo(slug)).toEqual([]);
  });

  it('the journal keeps every entry of concurrent writers', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `n${index}`);
    await Promise.all(names.map((name) => journal(slug, 'allocate', { kind: 'network', name })));
    expect(await pendingUndo(slug)).toHaveLength(40);
  });
});
