import { expect, it } from 'vitest';
import { visible, visibleName } from '../../../lib/host/visible.ts';

it.each([
  ['\u001b[2J\u001b]0;title\u0007', '^[[2J^[]0;title^G'],
  ['\u009b31m', '<U+009B>31m'],
  ['if (a\u202e) {\u2066', 'if (a<U+202E>) {<U+2066>'],
  ['ev\u200bal', 'ev<U+200B>al'],
  ['\u{e0041}hidden', '<U+E0041>hidden'],
  ['carriage\rreturn', 'carriage^Mreturn'],
  ['a\tb\nc é 漢 ✔️', 'a\tb\nc é 漢 ✔️'],
])('%j is shown as %j', (text, shown) => {
  expect(visible(text)).toBe(shown);
});

it('a name stays on one line', () => {
  expect(visibleName('a\nb\tc')).toBe('a^Jb^Ic');
});
