import { once } from 'node:events';
import type { Socket } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { fetchVia, openTunnel } from '../../../../support/egress/agent.ts';
import { HOST, proxyScene, TOKEN } from '../../../../support/egress/proxy-scene.ts';

const scene = proxyScene();

/** A second request, as seen by an upstream that reads the framing differently than egress. */
const HIDDEN = 'GET /smuggled HTTP/1.1\r\nHost: smuggled\r\n\r\n';

/** Milliseconds of silence after which to stop waiting; an honest response takes about 10. */
const SILENCE_MS = 500;

/** Returns everything received on a socket until it falls silent or closes. */
async function answersOf(socket: Socket): Promise<string> {
  let text = '';
  socket.setTimeout(SILENCE_MS, () => socket.destroy());
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  if (!socket.closed) await once(socket, 'close');
  return text;
}

const statuses = (text: string) =>
  [...text.matchAll(/^HTTP\/1\.1 ([0-9]{3}) /gm)].map((match) => Number(match[1]));

/** Sends each text through a tunnel of its own, all at once. @returns what came back on each. */
async function sendAll(texts: readonly string[]): Promise<string[]> {
  return Promise.all(
    texts.map(async (text) => {
      const socket = await openTunnel(scene().tunnel());
      socket.write(text, 'latin1');
      return answersOf(socket);
    }),
  );
}

describe('ambiguous message framing', () => {
  const inputs: [what: string, lines: string, body: string][] = [
    ['a length and chunks', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${HIDDEN}`],
    ['chunks and a length', 'Transfer-Encoding: chunked\r\nContent-Length: 3\r\n', `0\r\n\r\n${HIDDEN}`],
    ['two lengths', 'Content-Length: 0\r\nContent-Length: 44\r\n', HIDDEN],
    ['a list of lengths', 'Content-Length: 0, 44\r\n', HIDDEN],
    ['a length with a sign', 'Content-Length: +0\r\n', HIDDEN],
    ['a negative length', 'Content-Length: -1\r\n', HIDDEN],
    ['a hexadecimal length', 'Content-Length: 0x0\r\n', HIDDEN],
    ['a length beyond 64 bits', 'Content-Length: 18446744073709551616\r\n', HIDDEN],
    ['a length that is empty', 'Content-Length: \r\n', HIDDEN],
    ['an unknown coding', 'Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${HIDDEN}`],
    ['chunks that are not the last coding', 'Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${HIDDEN}`],
    ['chunks twice', 'Transfer-Encoding: chunked, chunked\r\n', `0\r\n\r\n${HIDDEN}`],
    [
      'codings in two lines',
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n',
      `0\r\n\r\n${HIDDEN}`,
    ],
    ['a vertical tab before the coding', 'Transfer-Encoding: \x0bchunked\r\n', `0\r\n\r\n${HIDDEN}`],
    ['a quoted coding', 'Transfer-Encoding: "chunked"\r\n', `0\r\n\r\n${HIDDEN}`],
    ['a space before the colon', 'Transfer-Encoding : chunked\r\n', `0\r\n\r\n${HIDDEN}`],
    ['a folded line', 'X: 1\r\n Transfer-Encoding: chunked\r\n', `0\r\n\r\n${HIDDEN}`],
    ['a folded coding', 'Transfer-Encoding:\r\n chunked\r\n', `0\r\n\r\n${HIDDEN}`],
    ['a bare line feed', 'X: 1\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${HIDDEN}`],
    ['a bare carriage return', 'X: 1\rTransfer-Encoding: chunked\r\n', `0\r\n\r\n${HIDDEN}`],
    ['a zero byte', 'X: 1\0\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${HIDDEN}`],
    ['a name with a line feed', 'X\n: 1\r\n', HIDDEN],
    ['a header without a colon', 'Transfer-Encoding chunked\r\n', `0\r\n\r\n${HIDDEN}`],
    ['a chunk size with a sign', 'Transfer-Encoding: chunked\r\n', `+0\r\n\r\n${HIDDEN}`],
    ['a chunk size with a prefix', 'Transfer-Encoding: chunked\r\n', `0x0\r\n\r\n${HIDDEN}`],
    [
      'a chunk size past all numbers',
      'Transfer-Encoding: chunked\r\n',
      `ffffffffffffffffff\r\n\r\n${HIDDEN}`,
    ],
    ['a chunk that ends too late', 'Transfer-Encoding: chunked\r\n', `1\r\nabc\r\n0\r\n\r\n${HIDDEN}`],
    ['a line feed in a chunk extension', 'Transfer-Encoding: chunked\r\n', `0;a\nb\r\n\r\n${HIDDEN}`],
    ['chunks that end in bare line feeds', 'Transfer-Encoding: chunked\r\n', `0\n\n${HIDDEN}`],
    ['chunks in HTTP/1.0', 'Transfer-Encoding: chunked\r\n', `0\r\n\r\n${HIDDEN}`],
  ];

  it('ambiguous message framing never smuggles a request past the policy', async () => {
    const answers = await sendAll(
      inputs.map(([what, lines, body], index) => {
        const version = what.endsWith('HTTP/1.0') ? '1.0' : '1.1';
        return `POST /${index} HTTP/${version}\r\nHost: ${HOST}:${scene().upstream.port}\r\n${lines}\r\n${body}`;
      }),
    );
    const reached = scene().upstream.seen.map(({ url }) => url);
    expect(reached).not.toContain('/smuggled');
    expect(new Set(reached).size).toBe(reached.length);
    for (const [index, [what]] of inputs.entries()) {
      // The valid part may have passed; what follows it was refused or judged on its own.
      expect(statuses(answers[index] ?? '').at(-1) ?? 400, what).toBeGreaterThanOrEqual(400);
      expect(answers[index], what).not.toContain(TOKEN);
    }
    expect((await fetchVia(scene().tunnel())).status).toBe(200);
  });
});

describe('malformed request lines and Host headers', () => {
  const inputs: [what: string, head: string][] = [
    ['no version', 'GET /v1\r\n'],
    ['version 0.9', 'GET /v1 HTTP/0.9\r\nHost: api.example.com\r\n'],
    ['version 2', 'GET /v1 HTTP/2.0\r\nHost: api.example.com\r\n'],
    ['version 1.2', 'GET /v1 HTTP/1.2\r\nHost: smuggled\r\n'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n'],
    ['a lowercase method', 'get /v1 HTTP/1.1\r\nHost: smuggled\r\n'],
    ['an unknown method', 'GETS /v1 HTTP/1.1\r\nHost: smuggled\r\n'],
    ['two spaces', 'GET  /v1 HTTP/1.1\r\nHost: smuggled\r\n'],
    ['a tab', 'GET\t/v1\tHTTP/1.1\r\nHost: smuggled\r\n'],
    ['a space in the target', 'GET /v1 /x HTTP/1.1\r\nHost: api.example.com\r\n'],
    ['an asterisk', 'GET * HTTP/1.1\r\nHost: api.example.com\r\n'],
    ['no Host', 'GET /v1 HTTP/1.1\r\nX: 1\r\n'],
    ['an empty Host', 'GET /v1 HTTP/1.1\r\nHost:\r\n'],
    ['two Hosts', 'GET /v1 HTTP/1.1\r\nHost: api.example.com\r\nHost: smuggled\r\n'],
    ['a Host with user info', 'GET /v1 HTTP/1.1\r\nHost: api.example.com@smuggled\r\n'],
    ['a Host with a path', 'GET /v1 HTTP/1.1\r\nHost: api.example.com/x\r\n'],
    ['another absolute target', 'GET https://smuggled/v1 HTTP/1.1\r\nHost: api.example.com\r\n'],
    ['a target of another scheme', 'GET http://api.example.com/v1 HTTP/1.1\r\nHost: api.example.com\r\n'],
    ['a record of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n'],
  ];

  it('a malformed request line or Host gets 4xx, 5xx or a hangup, and nothing leaves', async () => {
    const authority = `${HOST}:${scene().upstream.port}`;
    const answers = await sendAll(
      inputs.map(([, head]) => `${head.replaceAll(/(?<=Host: )api\.example\.com(?=\r)/g, authority)}\r\n`),
    );
    for (const [index, [what]] of inputs.entries()) {
      for (const status of statuses(answers[index] ?? '')) expect(status, what).toBeGreaterThanOrEqual(400);
    }
    expect(scene().upstream.seen).toEqual([]);
    expect((await fetchVia(scene().tunnel())).status).toBe(200);
  });
});

describe('HTTP/1.1 floods', () => {
  it('a header block that is too long is refused with a reason', async () => {
    const socket = await openTunnel(scene().tunnel());
    const long = `a: ${'b'.repeat(40_000)}`;
    socket.write(`GET /v1 HTTP/1.1\r\nHost: ${HOST}:${scene().upstream.port}\r\n${long}\r\n\r\n`);
    const answer = await answersOf(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 431 headers-too-long: /);
    expect(answer).toContain('x-bot-bottle-reason: headers-too-long');
  });

  it('egress refuses a flood of header lines, by count and by size', async () => {
    for (const lines of ['a: b\r\n'.repeat(5000), `a: ${'b'.repeat(40_000)}\r\n`, 'a: b\r\n'.repeat(250)]) {
      const socket = await openTunnel(scene().tunnel());
      socket.write(`GET /v1 HTTP/1.1\r\nHost: ${HOST}:${scene().upstream.port}\r\n${lines}\r\n`);
      expect(statuses(await answersOf(socket))).toEqual([431]);
    }
    expect(scene().upstream.seen).toEqual([]);
  });

  it('egress serves 100 pipelined requests in order', async () => {
    const socket = await openTunnel(scene().tunnel());
    const heads = Array.from({ length: 100 }, (_, index) => {
      const last = index === 99 ? 'Connection: close\r\n' : '';
      return `GET /${index} HTTP/1.1\r\nHost: ${HOST}:${scene().upstream.port}\r\n${last}\r\n`;
    });
    socket.write(heads.join(''));
    const answer = await readAll(socket);
    expect(statuses(answer)).toEqual(Array.from({ length: 100 }, () => 200));
    expect(scene().upstream.seen.map(({ url }) => url)).toEqual(heads.map((_, index) => `/${index}`));
  });
});

it('a pipelined WebSocket handshake ends its connection and affects no other client', async () => {
  const host = `Host: ${HOST}:${scene().upstream.port}\r\n`;
  const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  const upgrade = `GET /socket HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n`;
  await sendAll([`GET /first HTTP/1.1\r\n${host}\r\n${upgrade}`]);
  expect(scene().upstream.seen.map(({ url }) => url)).not.toContain('/socket');
  expect((await fetchVia(scene().tunnel())).status).toBe(200);
});
