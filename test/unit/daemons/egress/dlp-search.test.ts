import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LiteralSearch } from '../../../../lib/daemons/egress/dlp/literal-search.ts';
import { ProjectedSearch } from '../../../../lib/daemons/egress/dlp/projected-search.ts';
import { alphabet, runsOf } from '../../../../lib/daemons/egress/dlp/runs.ts';
import { webTokensIn } from '../../../../lib/daemons/egress/dlp/web-tokens.ts';

/** Few letters, so that needles do occur, overlap and begin each other. */
const text = (least: number, most: number) =>
  fc.string({
    unit: fc.constantFrom('a', 'b', 'B', '1', '-', ' ', 'é', '\u{1f600}'),
    minLength: least,
    maxLength: most,
  });
const needle = (least: number) =>
  fc.string({ unit: fc.constantFrom('a', 'b', 'B', '1'), minLength: least, maxLength: 9 });

describe('a search for many literals at once', () => {
  it('finds what a search for each would, short ones too', () => {
    fc.assert(
      fc.property(fc.array(text(1, 8), { maxLength: 12 }), text(0, 60), (needles, haystack) => {
        const expected = needles.flatMap((one, index) => (haystack.includes(one) ? [index] : []));
        expect([...new LiteralSearch(needles).find(haystack)].sort((a, b) => a - b)).toEqual(expected);
      }),
    );
  });

  it('finds letters and digits whatever stands between them, in text after text', () => {
    fc.assert(
      fc.property(
        fc.array(needle(3), { maxLength: 5 }),
        fc.array(text(0, 60), { maxLength: 4 }),
        (needles, texts) => {
          const search = new ProjectedSearch(needles);
          for (const haystack of texts) {
            const reduced = haystack.replace(/[^A-Za-z0-9]/g, '');
            const held = new Set(needles.filter((one) => reduced.includes(one)));
            expect(search.find(haystack, false)).toEqual(held);
            const [one, ...more] = search.find(haystack, true);
            expect(more).toEqual([]);
            expect(one === undefined ? held.size === 0 : held.has(one)).toBe(true);
          }
        },
      ),
    );
  });
});

it('the runs of an alphabet are those that an expression finds', () => {
  const table = alphabet('ab1');
  fc.assert(
    fc.property(text(0, 80), fc.integer({ min: 1, max: 9 }), (haystack, least) => {
      expect(runsOf(haystack, table, least)).toEqual(
        haystack.match(new RegExp(`[ab1]{${least},}`, 'g')) ?? [],
      );
    }),
  );
});

it('a JSON Web Token is found whole, alone, glued to letters, and next to another', () => {
  const token = `eyJ${'h'.repeat(20)}.eyJ${'p'.repeat(40)}.${'s'.repeat(43)}`;
  expect(webTokensIn(token)).toEqual([token]);
  expect(webTokensIn(`x=${token}; y=${token}`)).toEqual([token, token]);
  expect(webTokensIn(`glued${token}`)).toEqual([token]);
  for (const none of ['eyJhbG.eyJabcd.abcde', `${'h'.repeat(20)}.eyJabcd.abcde`, token.replace('.s', ' s')]) {
    expect(webTokensIn(none), none).toEqual([]);
  }
});
