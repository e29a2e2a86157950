import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { webTokensIn } from '../../../../lib/daemons/detection/rules/web-tokens.ts';
import { LiteralSearch } from '../../../../lib/daemons/detection/search/literal-search.ts';
import { ProjectedSearch } from '../../../../lib/daemons/detection/search/projected-search.ts';
import { SkipSearch } from '../../../../lib/daemons/detection/search/skip-search.ts';
import { alphabet, runsOf } from '../../../../lib/daemons/detection/text/runs.ts';
import { TextBytes } from '../../../../lib/daemons/detection/text/text-bytes.ts';

/** Few distinct letters, so that needles do occur, overlap and share prefixes. */
const text = (least: number, most: number) =>
  fc.string({
    unit: fc.constantFrom('a', 'b', 'B', '1', '-', ' ', 'é', '\u{1f600}'),
    minLength: least,
    maxLength: most,
  });
const needle = (least: number) =>
  fc.string({ unit: fc.constantFrom('a', 'b', 'B', '1'), minLength: least, maxLength: 9 });

/** Leaves unrelated bytes after the text in the reused memory. */
const bytesOf = (haystack: string) => {
  const text = new TextBytes();
  text.read(`${haystack}${'b1'.repeat(40)}`);
  text.read(haystack);
  return text;
};

describe('searching for many literals at once', () => {
  it('finds the same literals as separate searches would', () => {
    fc.assert(
      fc.property(fc.array(needle(3), { maxLength: 12 }), text(0, 60), (needles, haystack) => {
        const expected = needles.flatMap((one, index) => (haystack.includes(one) ? [index] : []));
        const { bytes, length } = bytesOf(haystack);
        expect([...new LiteralSearch(needles).find(bytes, length)].sort((a, b) => a - b)).toEqual(expected);
        const skipping = new SkipSearch(needles);
        expect([...skipping.find(bytes, length, false)].sort((a, b) => a - b)).toEqual(expected);
        const [one, ...more] = skipping.find(bytes, length, true);
        expect(one === undefined ? expected : more).toEqual([]);
        expect(expected).toEqual(one === undefined ? [] : expect.arrayContaining([one]));
      }),
    );
  });

  it('finds sequences of letters and digits whatever is between them, when reused for several texts', () => {
    fc.assert(
      fc.property(
        fc.array(needle(3), { maxLength: 5 }),
        fc.array(text(0, 60), { maxLength: 4 }),
        (needles, texts) => {
          const search = new ProjectedSearch(needles);
          for (const haystack of texts) {
            const reduced = haystack.replace(/[^A-Za-z0-9]/g, '');
            const held = needles.filter((one) => reduced.includes(one));
            const { bytes, length } = bytesOf(haystack);
            expect(search.find(bytes, length, false)).toEqual(held);
            const [one] = search.find(bytes, length, true);
            expect(one === undefined ? held.length === 0 : held.includes(one)).toBe(true);
          }
        },
      ),
    );
  });
});

it('finds the same runs of an alphabet as a regular expression', () => {
  const table = alphabet('ab1');
  fc.assert(
    fc.property(text(0, 80), fc.integer({ min: 1, max: 9 }), (haystack, least) => {
      expect(runsOf(bytesOf(haystack), table, least)).toEqual(
        haystack.match(new RegExp(`[ab1]{${least},}`, 'g')) ?? [],
      );
    }),
  );
});

it('finds a whole JSON Web Token alone, glued to letters, and next to another', () => {
  const token = `eyJ${'h'.repeat(20)}.eyJ${'p'.repeat(40)}.${'s'.repeat(43)}`;
  expect(webTokensIn(token)).toEqual([token]);
  expect(webTokensIn(`x=${token}; y=${token}`)).toEqual([token, token]);
  expect(webTokensIn(`glued${token}`)).toEqual([token]);
  for (const none of ['eyJhbG.eyJabcd.abcde', `${'h'.repeat(20)}.eyJabcd.abcde`, token.replace('.s', ' s')]) {
    expect(webTokensIn(none), none).toEqual([]);
  }
});
