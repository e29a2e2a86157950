import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bottleDirectory, bottlePaths } from '../../../lib/bottle/paths.ts';
import { inert, inertLine } from '../../../lib/supervise/inert.ts';
import { pendingProposals } from '../../../lib/supervise/queues.ts';
import { beat } from '../../../lib/supervise/watch.ts';
import { propose } from '../../support/supervise/proposals.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

describe('what is pending', () => {
  useTemporaryHome();

  it('is found in all bottles, or in those named, and what has lapsed is left out', async () => {
    const one = await propose({ bottle: 'one-a1b2c' });
    const two = await propose({ bottle: 'two-a1b2c', id: 'p-0r3k7n' });
    await propose({ bottle: 'two-a1b2c', id: 'p-0r3k7p', expires: '2026-01-01T00:00:00.000Z' });
    await mkdir(bottleDirectory('none-a1b2c'), { recursive: true });
    const all = await pendingProposals();
    expect(all).toEqual([
      { bottle: 'none-a1b2c', pending: [], problems: [] },
      { bottle: 'one-a1b2c', pending: [one], problems: [] },
      { bottle: 'two-a1b2c', pending: [two], problems: [] },
    ]);
    expect(await pendingProposals(['two-a1b2c'])).toHaveLength(1);
  });

  it('is shown for the other bottles when the files of one are hostile', async () => {
    const fine = await propose({ bottle: 'fine-a1b2c' });
    const hostile = bottlePaths.superviseQueue('evil-a1b2c');
    await mkdir(hostile, { recursive: true });
    execFileSync('mkfifo', [join(hostile, 'p-0r3k7m.json')]);
    await writeFile(join(hostile, 'x\u001b]0;owned\u0007'), '');
    const found = await pendingProposals();
    expect(found).toMatchObject([
      {
        bottle: 'evil-a1b2c',
        pending: [],
        problems: ['p-0r3k7m.json: not a regular file of plausible size', expect.stringContaining('owned')],
      },
      { bottle: 'fine-a1b2c', pending: [fine], problems: [] },
    ]);
  });

  it('is no reason to make a queue for a bottle that has none', async () => {
    await mkdir(bottleDirectory('none-a1b2c'), { recursive: true });
    await beat('none-a1b2c');
    await beat('gone-a1b2c');
    expect(await pendingProposals()).toEqual([{ bottle: 'none-a1b2c', pending: [], problems: [] }]);
  });

  it('names a queue that cannot be read', async () => {
    await mkdir(join(bottleDirectory('bad-a1b2c'), 'supervise'), { recursive: true });
    await writeFile(bottlePaths.superviseQueue('bad-a1b2c'), 'no directory');
    expect(await pendingProposals()).toMatchObject([
      { bottle: 'bad-a1b2c', pending: [], problems: [expect.stringMatching(/ENOTDIR/)] },
    ]);
  });
});

describe('text of an agent', () => {
  it.each([
    ['a title that it would set', '\u001b]0;owned\u0007', '^[]0;owned^G'],
    [
      'a link that hides where it leads',
      '\u001b]8;;https://evil.test\u001b\\docs',
      '^[]8;;https[://]evil.test^[\\docs',
    ],
    ['code in another order than it is shown', 'if (ok\u202e) //', 'if (ok<U+202E>) //'],
    ['a line that replaces the one before it', 'safe\rEVIL', 'safe^MEVIL'],
    ['C1 controls', '\u009b31m', '<U+009B>31m'],
    [
      'an address that terminals make a link of',
      'see HTTPS://evil.test, www.evil.test',
      'see HTTPS[://]evil.test, www[.]evil.test',
    ],
    ['marks that cover the lines around it', `o${'\u0301'.repeat(50)}`, `o${'\u0301'.repeat(4)}…`],
    ['tags that nobody sees', 'a\u{e0041}b', 'a<U+E0041>b'],
  ])('shows %s', (_what, text, shown) => {
    expect(inert(text)).toBe(shown);
  });

  it('keeps its lines, its letters and its emoji, and can be shown on one line', () => {
    expect(inert('naïve 日本\n\t🎉 नमस्ते')).toBe('naïve 日本\n\t🎉 नमस्ते');
    expect(inertLine('one\ntwo')).toBe('one^Jtwo');
  });
});
