import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { ReflectionScrubber } from '../../../../../lib/daemons/egress/inbound/reflection.ts';

/** Like cloud tokens, in base64 with padding, and with other characters that tokens contain. */
const TOKENS = ['q8/Zr+T1vXw0/yB7+Kd2Lm==', '/+sk_live.9f"2c&7a<81', 'tok-3c1f0a97d2', 'p%4w0rd%25\\x9y'];

const hex = (character: string, digits: number) => character.charCodeAt(0).toString(16).padStart(digits, '0');
const specials = (token: string, escaped: (character: string) => string) =>
  token.replace(/[^A-Za-z0-9]/g, escaped);

/** How programs write a token that they received into a page, a URL or a log. */
const WAYS: Record<string, (token: string) => string> = {
  'as it is': (token) => token,
  'percent-encoded': encodeURIComponent,
  'percent-encoded in lower case': (token) => specials(token, (c) => `%${hex(c, 2)}`),
  'percent-encoded twice': (token) => encodeURIComponent(encodeURIComponent(token)),
  JSON: (token) => JSON.stringify(token).slice(1, -1),
  'JSON of PHP': (token) => JSON.stringify(token).slice(1, -1).replaceAll('/', '\\/'),
  'JSON of .NET': (token) => token.replace(/[+"&<\\]/g, (c) => `\\u${hex(c, 4).toUpperCase()}`),
  'JSON of Go': (token) =>
    JSON.stringify(token)
      .slice(1, -1)
      .replace(/[&<]/g, (c) => `\\u${hex(c, 4)}`),
  JavaScript: (token) => specials(token, (c) => `\\x${hex(c, 2)}`),
  HTML: (token) => token.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;'),
  'HTML with numbers': (token) => specials(token, (c) => `&#${c.charCodeAt(0)};`),
  'HTML with padded numbers': (token) => specials(token, (c) => `&#0${c.charCodeAt(0)};`),
  'HTML with hex numbers': (token) => specials(token, (c) => `&#x${hex(c, 2).toUpperCase()};`),
  'HTML with names': (token) =>
    token.replace(
      /[+/=_.]/g,
      (c) => ({ '+': '&plus;', '/': '&sol;', '=': '&equals;', _: '&lowbar;' })[c] ?? '&period;',
    ),
  base64: (token) => Buffer.from(token).toString('base64').replace(/=+$/, ''),
  'base64 in JSON of PHP': (token) =>
    Buffer.from(token).toString('base64').replace(/=+$/, '').replaceAll('/', '\\/'),
  'base64 in a URL': (token) => encodeURIComponent(Buffer.from(`${token}~`).toString('base64')),
  hex: (token) => Buffer.from(token).toString('hex'),
  'base64 in lines': (token) => lines(Buffer.from(token).toString('base64').replace(/=+$/, ''), 11, '\n'),
  'base64 in lines of a mail': (token) =>
    lines(Buffer.from(token).toString('base64').replace(/=+$/, ''), 13, '\r\n'),
  'base64 in lines, in JSON': (token) =>
    lines(Buffer.from(token).toString('base64').replace(/=+$/, ''), 12, '\\n'),
  'hex in lines': (token) => lines(Buffer.from(token).toString('hex'), 18, '\n'),
  ...Object.fromEntries(
    [' ', ':', '-', ', ', ', 0x', '\\x', '%'].map((gap) => [
      `hex with ${JSON.stringify(gap)} between its bytes`,
      (token: string) => (Buffer.from(token).toString('hex').match(/../g) ?? []).join(gap),
    ]),
  ),
  'hex as a dump': (token) =>
    lines(
      Buffer.from(token)
        .toString('hex')
        .toUpperCase()
        .replace(/..(?=.)/g, '$& '),
      30,
      '\n',
    ).replaceAll(' \n', '\n'),
};

function lines(text: string, width: number, end: string): string {
  return (text.match(new RegExp(`.{1,${width}}`, 'g')) ?? []).join(end);
}

async function streamed(scrubber: ReflectionScrubber, pieces: readonly string[]): Promise<string> {
  const stream = scrubber.stream();
  const all = text(stream);
  for (const piece of pieces) stream.write(piece);
  stream.end();
  return all;
}

it('a token that is a part of another leaves nothing of the longer one', () => {
  const [short, long] = ['tok-3c1f0a97d2', 'tok-3c1f0a97d2-and-more'];
  for (const tokens of [
    [short, long],
    [long, short],
  ])
    expect(new ReflectionScrubber(tokens).text(`${long} ${short}`)).toMatch(/^\*{23} \*{14}$/);
});

describe.each(TOKENS)('the reflected token %s', (token) => {
  const scrubber = new ReflectionScrubber([token]);

  it.each(Object.keys(WAYS))('a reflected token is overwritten at the same length: %s', (name) => {
    const way = WAYS[name]?.(token) ?? '';
    const clean = scrubber.text(`{"you sent": "${way}", "and": "${way}"}`);
    expect(clean).toHaveLength(`{"you sent": "${way}", "and": "${way}"}`.length);
    // In base64, the outer characters also encode the neighbors of the token.
    const kept = name.startsWith('base64') ? 8 : 0;
    expect(clean.replace(/[^*]/g, '').length).toBeGreaterThanOrEqual(2 * (way.length - kept));
    expect(clean).toMatch(/^\{"you sent": "[^"]{0,2}\*+[^"]{0,8}", "and": "[^"]{0,2}\*+[^"]{0,8}"\}$/);
  });

  it.each(Object.keys(WAYS))(
    'a reflected token is overwritten wherever the stream is split: %s',
    async (name) => {
      const way = WAYS[name]?.(token) ?? '';
      const whole = `{"you sent": "${way}"}`;
      const expected = scrubber.text(whole);
      for (let cut = 0; cut <= whole.length; cut += 1) {
        expect(await streamed(scrubber, [whole.slice(0, cut), whole.slice(cut)])).toBe(expected);
      }
      expect(await streamed(scrubber, [...whole])).toBe(expected);
    },
  );

  it('text that only resembles the token is left alone', () => {
    for (const other of [
      token.slice(1),
      token.slice(0, -1),
      token.toUpperCase(),
      specials(token, () => '%2'),
    ]) {
      expect(scrubber.text(`<${other}>`)).toBe(`<${other}>`);
    }
  });
});

it('ReflectionScrubber holds back only what may be part of a token', async () => {
  const stream = new ReflectionScrubber(['q8/Zr+T1vXw0/yB7+Kd2Lm==']).stream();
  for (const piece of ['data: 100 %2 \\u00 &#4\n\n', 'data: q8%2Fz\n\n', 'data: one & two\n\n']) {
    stream.write(piece);
    expect(String(stream.read())).toBe(piece);
  }
  stream.write('data: q8%2');
  expect(String(stream.read())).toBe('data: ');
  stream.end('9\n\n');
  expect(await text(stream)).toBe('q8%29\n\n');
});

it('ReflectionScrubber finds a token without letters or digits', () => {
  expect(new ReflectionScrubber(['-+-/-']).text('a -+-/- b -%2b-%2F- c')).toBe('a ***** b ********* c');
  expect(new ReflectionScrubber(['-+-/-']).text('')).toBe('');
});

it('ReflectionScrubber takes linear time for a long text that nearly matches the token', () => {
  const scrubber = new ReflectionScrubber(['aaaaaaaaaaaaaaaaaaaaaaaa/b']);
  const time = (text: string) => {
    const start = process.cpuUsage();
    scrubber.text(text);
    const { user } = process.cpuUsage(start);
    return user;
  };
  const near = 'a'.repeat(500_000);
  time(near);
  expect(time(near.repeat(8))).toBeLessThan(40 * Math.max(time(near), 1000));
});
