import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { knownSecretFinder } from '../../../../lib/daemons/egress/dlp/known-secrets.ts';
import { scanText } from '../../../../lib/daemons/egress/dlp/scan-text.ts';
import { openTunnel, type Reply, replyOf, requestOn } from '../support/agent.ts';
import { proxyScene, TOKEN } from '../support/proxy-scene.ts';

const KEY = 'AKIAQ7XKPM2WZL9RTVBN';
const SECRET = 'zq7Kp2mW9xLr4TvB8nYc3HdF6sJg1Aeu5Qo';
const scene = proxyScene();

const inPieces = (text: string, length = 4) => text.match(new RegExp(`.{1,${length}}`, 'g')) ?? [];
const base64 = (text: string) => Buffer.from(text).toString('base64');
const quotedPrintable = (text: string) =>
  Buffer.from(text).toString('hex').toUpperCase().replace(/../g, '=$&');

/** A multipart body, each part with the given lines of headers. */
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
  ['in small letters', (text) => quotedPrintable(text).toLowerCase()],
  [
    'a few characters',
    (text) => `key:${text.slice(0, 2)}${quotedPrintable(text.slice(2, 3))}${text.slice(3)}, ok`,
  ],
  ['over lines that go on', (text) => inPieces(text, 7).join('=\r\n')],
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
  it.each(ways)('never leaves: %s', async (_way, disguise) => {
    for (const secret of [KEY, TOKEN]) {
      const reply = await send(disguise(secret), type);
      expect(reply.headers['x-bot-bottle-reason'], secret).toBe('secret-found');
    }
    expect(scene().upstream.seen).toEqual([]);
    expect((await send(disguise('nothing of worth to anybody'), type)).status).toBe(200);
  });

  it.each(ways)('is found wherever it stands: %s', (_way, disguise) => {
    for (const secret of [KEY, SECRET]) {
      for (const before of ['', 'text ', '\r\n', '= ', '--', 'a=42\n', '{"a":"b"}\n-- \n']) {
        const text = `${before}\r\n${disguise(secret)}\r\n${before}`;
        expect(scanText(text, options), JSON.stringify([secret, before])).not.toEqual([]);
      }
    }
  });
});

describe('a known secret between bytes that are no text', () => {
  const join = (pieces: readonly string[], between: string) => Buffer.from(pieces.join(between), 'latin1');
  const noise = Buffer.from([0x89, 0x50, 0x00, 0xff, 0xd8, 0x01]);

  it.each<[string, (text: string) => Buffer]>([
    ['one of them behind each letter', (text) => join([...text], '\xff')],
    ['letters of Latin 1', (text) => join(inPieces(text), '\xe4')],
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
  ])('never leaves: %s', async (_way, disguise) => {
    const reply = await send(disguise(TOKEN), 'application/octet-stream');
    expect(reply.headers['x-bot-bottle-reason']).toBe('secret-found');
    expect(scene().upstream.seen).toEqual([]);
    expect((await send(disguise('nothing of worth'), 'application/octet-stream')).status).toBe(200);
  });
});

it('a secret over parts that come late in a long body is cut off before its last piece', async () => {
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
])('what only looks like parts or quoted-printable passes as it is: %s', async (text) => {
  expect(await send(text, 'text/plain')).toMatchObject({ status: 200, body: text });
});
