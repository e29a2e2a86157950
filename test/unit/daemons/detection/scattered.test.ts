import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { knownSecretFinder } from '../../../../lib/daemons/detection/rules/known-secrets.ts';
import { scanText } from '../../../../lib/daemons/detection/scan-text.ts';
import { openTunnel, type Reply, replyOf, requestOn } from '../../../support/egress/agent.ts';
import { proxyScene, TOKEN } from '../../../support/egress/proxy-scene.ts';

const KEY = 'AKIAQ7XKPM2WZL9RTVBN';
const SECRET = 'zq7Kp2mW9xLr4TvB8nYc3HdF6sJg1Aeu5Qo';
const scene = proxyScene();

const inPieces = (text: string, length = 4) => text.match(new RegExp(`.{1,${length}}`, 'g')) ?? [];
const base64 = (text: string) => Buffer.from(text).toString('base64');
const quotedPrintable = (text: string) =>
  Buffer.from(text).toString('hex').toUpperCase().replace(/../g, '=$&');

/** A multipart body whose parts have the given header lines. */
function multipart(contents: readonly string[], headers = (index: number) => [named(index)]): string {
  const parts = contents.map((one, index) => `--b-1\r\n${headers(index).join('\r\n')}\r\n\r\n${one}\r\n`);
  return `${parts.join('')}--b-1--\r\n`;
}
const named = (index: number) => `Content-Disposition: form-data; name="field ${index}"`;
const encoded = (encoding: string) => (index: number) => [
  named(index),
  `content-transfer-encoding: ${encoding}`,
];

const SCATTERINGS: [string, (text: string) => string][] = [
  ['form fields', (text) => multipart(inPieces(text))],
  ['form fields of one character', (text) => multipart(inPieces(text, 1))],
  [
    'files',
    (text) =>
      multipart(inPieces(text), (index) => [
        `${named(index)}; filename="${index}.txt"`,
        'Content-Type: text/plain',
      ]),
  ],
  ['parts with long headers', (text) => multipart(inPieces(text), () => [`x-padding: ${'x '.repeat(2000)}`])],
  ['parts that end lines as Unix does', (text) => multipart(inPieces(text)).replaceAll('\r\n', '\n')],
  [
    'parts without headers',
    (text) =>
      inPieces(text)
        .map((one) => `--b\r\n\r\n${one}\r\n`)
        .join(''),
  ],
  ['parts behind a preamble', (text) => `A mail of several parts.\r\n${multipart(inPieces(text))}`],
  ['parts of parts', (text) => multipart(inPieces(text).map((one) => multipart([one])))],
  [
    'parts that are long',
    (text) => multipart([`${'. '.repeat(9000)}${text.slice(0, 9)}`, `${text.slice(9)}${' .'.repeat(9000)}`]),
  ],
  ['a part in base64', (text) => multipart([base64(text)], encoded('base64'))],
  ['parts in base64', (text) => multipart(inPieces(text).map(base64), encoded('base64'))],
  ['a part in quoted-printable', (text) => multipart([quotedPrintable(text)], encoded('Quoted-Printable'))],
  [
    'parts in quoted-printable',
    (text) => multipart(inPieces(text).map(quotedPrintable), encoded('quoted-printable')),
  ],
  [
    'parts in both',
    (text) =>
      multipart([base64(text.slice(0, 7))], encoded('base64')).replace(
        '--b-1--',
        multipart([quotedPrintable(text.slice(7))], encoded('quoted-printable')),
      ),
  ],
];

const QUOTED: [string, (text: string) => string][] = [
  ['every character', quotedPrintable],
  ['in lowercase', (text) => quotedPrintable(text).toLowerCase()],
  [
    'a few characters',
    (text) => `key:${text.slice(0, 2)}${quotedPrintable(text.slice(2, 3))}${text.slice(3)}, ok`,
  ],
  ['over soft line breaks', (text) => inPieces(text, 7).join('=\r\n')],
  ['over lines of Unix that go on', (text) => inPieces(text, 7).join('= \n')],
  ['in a header of a mail', (text) => `Subject: =?utf-8?Q?${quotedPrintable(text)}?=`],
  ['over base64', (text) => quotedPrintable(base64(text))],
  ['under base64', (text) => base64(quotedPrintable(text))],
  ['in JSON', (text) => JSON.stringify({ mail: `a=20b\r\n${inPieces(text, 9).join('=\r\n')}` })],
];

async function send(body: string | Buffer, type: string): Promise<Reply> {
  const options = scene().tunnel();
  const socket = await openTunnel(options);
  const headers = { host: options.target, 'content-type': type };
  const request = requestOn(socket, { method: 'POST', path: '/up', headers });
  const replied = replyOf(request);
  request.end(body);
  const reply = await replied;
  socket.destroy();
  return reply;
}

const options = {
  detectors: new Set(['token_patterns', 'known_secrets'] as const),
  findKnown: knownSecretFinder([SECRET]),
};

describe.each([
  ['the parts of a multipart body', 'multipart/form-data; boundary=b-1', SCATTERINGS],
  ['quoted-printable', 'text/plain', QUOTED],
])('a secret in %s', (_where, type, ways) => {
  it.each(ways)('refuses a request with a scattered or encoded secret: %s', async (_way, disguise) => {
    for (const secret of [KEY, TOKEN]) {
      const reply = await send(disguise(secret), type);
      expect(reply.headers['x-bot-bottle-reason'], secret).toBe('secret-found');
    }
    expect(scene().upstream.seen).toEqual([]);
    expect((await send(disguise('nothing of worth to anybody'), type)).status).toBe(200);
  });

  it.each(ways)('finds a scattered or encoded secret wherever it stands: %s', (_way, disguise) => {
    for (const secret of [KEY, SECRET]) {
      for (const before of ['', 'text ', '\r\n', '= ', '--', 'a=42\n', '{"a":"b"}\n-- \n']) {
        const text = `${before}\r\n${disguise(secret)}\r\n${before}`;
        expect(scanText(text, options), JSON.stringify([secret, before])).not.toEqual([]);
      }
    }
  });
});

describe('a known secret between binary bytes', () => {
  const join = (pieces: readonly string[], between: string) => Buffer.from(pieces.join(between), 'latin1');
  const noise = Buffer.from([0x89, 0x50, 0x00, 0xff, 0xd8, 0x01]);

  it.each<[string, (text: string) => Buffer]>([
    ['one of them behind each letter', (text) => join([...text], '\xff')],
    ['Latin-1 letters', (text) => join(inPieces(text), '\xe4')],
    ['zeros and others', (text) => join(inPieces(text, 3), '\0\x01\xfe')],
    [
      'in wide characters',
      (text) =>
        join(
          [...text].map((one) => `${one}\0`),
          '\xff\xfe',
        ),
    ],
    ['in a file', (text) => Buffer.concat([noise, join([...text], '\x80'), noise])],
    ['late in a long body', (text) => Buffer.concat([Buffer.alloc(200_000, noise), join([...text], '\xff')])],
    [
      'over the border of two windows',
      (text) => Buffer.concat([Buffer.alloc(65_530, 0xff), join([...text], '\xff')]),
    ],
    ['in gzip', (text) => gzipSync(join([...text], '\xff'))],
  ])('refuses a known secret with binary bytes between its letters: %s', async (_way, disguise) => {
    const reply = await send(disguise(TOKEN), 'application/octet-stream');
    expect(reply.headers['x-bot-bottle-reason']).toBe('secret-found');
    expect(scene().upstream.seen).toEqual([]);
    expect((await send(disguise('nothing of worth'), 'application/octet-stream')).status).toBe(200);
  });
});

describe('a known secret in the output of common tools', () => {
  // The output of each tool for the token with `text: ` before it and ` ...` after it, made once with Python
  // 3, Perl, xxd and coreutils.
  it.each<[string, string]>([
    ['base64.a85encode', 'FCf]=3ZrN_CFq>P0kN+J3B(J(+>,9!'],
    ['base64.b85encode', 'bY*ySIv{j!Yb`TlF=jAfIX7f7ATBO0'],
    ['base64.b32hexencode', 'EHINGT1Q41Q6UQPD6DHJ2PHGC4SJEP1I40N2SBG='],
    ['base58', 'joisCBhTa27WPA7Kmvq'],
    ["pack 'u'", '8=&5X=#H@=&]K+3-C,68P83DW9#(@+BXN\n'],
    ['base32 -w 10', 'ORSXQ5B2EB\n2G62ZNGNRT\nCZRQME4TOZ\nBSEAXC4LQ=\n'],
    ['base64 -w 7', 'dGV4dDo\ngdG9rLT\nNjMWYwY\nTk3ZDIg\nLi4u\n'],
    ["base64 | sed 's/^/> /'", '> dGV4dDogdG9r\n> LTNjMWYwYTk3\n> ZDIgLi4u\n'],
    ['base64 | rev', 'u4iLgIDZ3kTYwYWMjNTLr9GdgoDd4VGd'],
    ['base64 | tr (rot13)', 'qTI4qQbtqT9eYGAwZJLjLGx3MQVtYv4h'],
    ['iconv -t utf-16 | base64', '//50AGUAeAB0ADoAIAB0AG8AawAtADMAYwAxAGYAMABhADkANwBkADIAIAAuAC4ALgA='],
    ['iconv -t utf-7', '+AHQAZQB4AHQAOgAgAHQAbwBrAC0AMwBjADEAZgAwAGEAOQA3AGQAMgAgAC4ALgAu-'],
    [
      'iconv -t utf-16 | xxd -p',
      'fffe74006500780074003a00200074006f006b002d00330063003100660030006100390037006400320020002e002e002e00\n',
    ],
    [
      'xxd -i',
      '  0x74, 0x65, 0x78, 0x74, 0x3a, 0x20, 0x74, 0x6f, 0x6b, 0x2d, 0x33, 0x63,\n  0x31, 0x66, 0x30, 0x61, 0x39, 0x37, 0x64, 0x32, 0x20, 0x2e, 0x2e, 0x2e\n',
    ],
    ['xxd -p -c 5', '746578743a\n20746f6b2d\n3363316630\n6139376432\n202e2e2e\n'],
    [
      'od -An -b',
      ' 164 145 170 164 072 040 164 157 153 055 063 143 061 146 060 141\n 071 067 144 062 040 056 056 056\n',
    ],
    ['od -An -x', ' 6574 7478 203a 6f74 2d6b 6333 6631 6130\n 3739 3264 2e20 2e2e\n'],
    ['od -An', ' 062564 072170 020072 067564 026553 061463 063061 060460\n 033471 031144 027040 027056\n'],
    [
      'od -An -tu1',
      ' 116 101 120 116  58  32 116 111 107  45  51  99  49 102  48  97\n  57  55 100  50  32  46  46  46\n',
    ],
    ['xxd -p | rev', 'e2e2e20223467393160366133633d2b6f64702a347875647\n'],
    [
      'binary digits',
      '01110100 01100101 01111000 01110100 00111010 00100000 01110100 01101111 01101011 00101101 00110011 01100011 00110001 01100110 00110000 01100001 00111001 00110111 01100100 00110010 00100000 00101110 00101110 00101110',
    ],
    [
      'JSON.stringify(Buffer)',
      '{"type": "Buffer", "data": [116, 101, 120, 116, 58, 32, 116, 111, 107, 45, 51, 99, 49, 102, 48, 97, 57, 55, 100, 50, 32, 46, 46, 46]}',
    ],
    ['int.from_bytes', '2361587009603060355106829705372722'],
    [
      'octal escapes',
      '\\164\\145\\170\\164\\72\\40\\164\\157\\153\\55\\63\\143\\61\\146\\60\\141\\71\\67\\144\\62\\40\\56\\56\\56',
    ],
    ['tr a-z A-Z', 'TEXT: TOK-3C1F0A97D2 ...'],
    ['rev | tr (rot13)', '... 2q79n0s1p3-xbg :gkrg'],
    ['rot47', 'E6IEi E@<\\b4`7_2hf5a ]]]'],
  ])('refuses a known secret in the output of %s', async (_tool, output) => {
    const reply = await send(output, 'text/plain');
    expect(reply.headers['x-bot-bottle-reason']).toBe('secret-found');
    expect(scene().upstream.seen).toEqual([]);
  });
});

it('aborts a long request when a secret is scattered over parts near its end', async () => {
  const filler = multipart(['lorem ipsum '.repeat(900_000)]).replace('--b-1--\r\n', '');
  const sent = send(`${filler}${multipart(inPieces(KEY))}`, 'multipart/form-data; boundary=b-1');
  await expect(sent).rejects.toThrow('aborted');
  const found = { verdict: 'deny', reason: 'secret-found', secrets: ['aws-access-key'] };
  await expect.poll(() => scene().egress.log).toMatchObject([found]);
});

it.each([
  'class=add&id=42&next=10',
  'a = b;\n--c;\nd: e\n\nf',
  '---\ntitle: x\n---\n\nText.\n\n-- \nThe sender',
])('forwards a body that only resembles multipart or quoted-printable unchanged: %s', async (text) => {
  expect(await send(text, 'text/plain')).toMatchObject({ status: 200, body: text });
});
