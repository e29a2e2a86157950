import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TOKEN_PATTERNS } from '../../../../lib/daemons/detection/rules/token-patterns.ts';
import { matchesOf, tokensIn } from '../../../../lib/daemons/detection/rules/token-search.ts';
import { TextBytes } from '../../../../lib/daemons/detection/text/text-bytes.ts';
import { holdsRun, runOf } from '../../../../lib/daemons/detection/text/word-runs.ts';

const bytesOf = (text: string) => {
  const bytes = new TextBytes();
  bytes.read(text);
  return bytes;
};
const typesIn = (text: string) => tokensIn(bytesOf(text), false).map(({ type }) => type);

/** What fast-check cannot generate from: lookarounds and backreferences. */
const LOOKING_AROUND = /\(\?<?[!=](?:[^()[\]]|\[[^\]]*\])*\)|\\[1-9]/g;

describe('token formats', () => {
  const written = TOKEN_PATTERNS.flatMap(({ expression, ...pattern }) =>
    expression instanceof RegExp ? [{ ...pattern, expression }] : [],
  );

  it.each(written)('never skips a text that the expression matches: $type $expression', (pattern) => {
    const { type, literals, run, within, expression, isReal } = pattern;
    const simple = new RegExp(expression.source.replace(LOOKING_AROUND, ''));
    fc.assert(
      fc.property(fc.stringMatching(simple), (text) => {
        for (const match of text.match(expression) ?? []) {
          expect(literals === undefined || literals.some((literal) => match.includes(literal)), match).toBe(
            true,
          );
          if (isReal !== undefined && !isReal(match)) continue;
          for (const needed of [run, within])
            expect(needed === undefined || holdsRun(bytesOf(match), needed), match).toBe(true);
          if (pattern.onlyHidden !== true) expect(typesIn(`see ${match} there`), match).toContain(type);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('gives no pattern a run that could occur outside its `within` run', () => {
    for (const { type, run, within } of TOKEN_PATTERNS) {
      if (within === undefined) continue;
      expect(run?.least, type).toBeGreaterThanOrEqual(within.least);
      for (const [code, has] of run?.of.entries() ?? [])
        expect(within.of[code], type).toBeGreaterThanOrEqual(has);
    }
  });
});

it('looks for a run in words only if it cannot occur anywhere else', () => {
  const isWord = (characters: string, least: number) => runOf(characters, least).isWord;
  expect(isWord('abc-_/+', 11)).toBe(true);
  expect(isWord('abc', 10)).toBe(false);
  expect(isWord('abc.', 40)).toBe(false);
  expect(isWord('abc\u00e4', 40)).toBe(false);
});

describe('the format of a Google key', () => {
  const key = `AIza${'Sy9x-Qe'.repeat(5)}`;

  it.each([key, `x${key}`, `${key}x`, `/v1/${key}/items`])('finds the Google key in %s', (text) => {
    expect(typesIn(text)).toEqual(['google-key']);
  });

  it('ignores the format of a Google key in the middle of base64', () => {
    expect(typesIn(`iVBORw0KGgo${key}AAAANSUhEUgAA`)).toEqual([]);
  });
});

it.each([
  'redis://:p4ssw0rd@cache.example.com:6379/0',
  'postgresql+psycopg2://app:p4ssw0rd@db.example.com/app',
  'mysql+pymysql://app%40corp:p4ssw0rd@db.example.com',
  'mongodb+srv://app:p4ssw0rd@db.example.com',
  'HTTPS://app:p4ssw0rd@db.example.com',
  'sqlserver://sa:p4ssw0rd@db.example.com',
  'git+https://app:p4ssw0rd@git.example.com/a.git',
])('finds the password in the URL %s', (url) => {
  expect(typesIn(`URL=${url}`)).toEqual(['url-password']);
  const [pattern] = TOKEN_PATTERNS.filter(({ type }) => type === 'url-password');
  expect(pattern && matchesOf(pattern, bytesOf(url))?.[0]).toContain('p4ssw0rd@');
});
