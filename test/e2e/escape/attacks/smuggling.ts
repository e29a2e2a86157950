import {
  FRAME,
  type Frame,
  frame,
  headersFrame,
  type Line,
  PREFACE,
  readFrames,
} from '../../../support/egress/h2-frames.ts';
import type { GuestAttack } from '../attack.ts';
import {
  ALLOWED,
  heardInside,
  inside,
  overHttp2,
  request,
  secured,
  statuses,
  toProxy,
  tunnel,
} from '../guest/proxy.ts';

const hidden = (slug: string) => request(`/escaped/${slug}`);
const length = (text: string) => `Content-Length: ${text.length}\r\n`;
const CHUNKED = 'Transfer-Encoding: chunked\r\n';
const post = (headers: string, body: string, target = '/') =>
  `POST ${target} HTTP/1.1\r\nHost: ${ALLOWED}\r\n${headers}\r\n${body}`;

/** `make` is given the request that must not be taken for one. */
const smuggled = (what: string, meets: RegExp, make: (hidden: string) => string): GuestAttack => ({
  name: `smuggling: ${what}`,
  as: 'agent',
  meets,
  run: (_scene, slug) => inside(make(hidden(slug))),
});

export const head = (path: string): Line[] => [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', ALLOWED],
  [':path', path],
];

/** Sends a header block over HTTP/2. @returns what became of its stream. */
export async function framed(lines: readonly Line[]): Promise<string> {
  const stream = await secured({ ALPNProtocols: ['h2'] });
  if (typeof stream === 'string') return stream;
  stream.on('error', () => {});
  const frames = readFrames(stream);
  stream.write(Buffer.concat([PREFACE, frame(FRAME.settings, 0, 0), headersFrame(1, lines)]));
  const ends = ({ type, stream: id }: Frame) =>
    type === FRAME.goaway || (id === 1 && (type === FRAME.reset || type === FRAME.headers));
  const until = Date.now() + 15_000;
  while (!frames.some(ends) && !stream.closed && Date.now() < until)
    await new Promise((go) => setTimeout(go, 50));
  const end = frames.find(ends);
  stream.destroy();
  if (end === undefined) return stream.closed ? 'connection closed' : 'nothing';
  if (end.type !== FRAME.headers) return end.type === FRAME.reset ? 'reset' : 'connection closed';
  // By HPACK's static table.
  const statuses: Record<number, number> = { 136: 200, 140: 400 };
  return `responded ${statuses[end.payload[0] ?? 0] ?? 'otherwise'}`;
}

/** Sends a header block that no client of HTTP/2 makes. */
const overFrames = (what: string, make: (lines: Line[], slug: string) => readonly Line[]): GuestAttack => ({
  name: `smuggling over HTTP/2: ${what}`,
  as: 'agent',
  meets: /reset/,
  run: (_scene, slug) => framed(make(head(`/escaped/${slug}`), slug)),
});

/** The header is dropped by the HTTP/2 library, and what is left is harmless; the name in it must not arrive upstream. */
const droppedHeader = (what: string, line: Line): GuestAttack => ({
  name: `smuggling over HTTP/2: ${what}`,
  as: 'agent',
  meets: /responded 200/,
  run: (_scene, slug) => framed([...head(`/${slug}`), line]),
});

const MALFORMED = /400(?: headers-invalid)?/;
/** Found in the body: a response is no longer possible. */
const CUT_OFF = /closed/;

/** A request that is to be read in two ways. What is hidden in it must not arrive upstream, whatever the response. */
export const SMUGGLING: readonly GuestAttack[] = [
  smuggled('a length beside chunks', MALFORMED, (inner) =>
    post(`${length(`0\r\n\r\n${inner}`)}${CHUNKED}`, `0\r\n\r\n${inner}`),
  ),
  smuggled('chunks beside a length', MALFORMED, (inner) =>
    post(`${CHUNKED}${length('0\r\n\r\n')}`, `0\r\n\r\n${inner}`),
  ),
  smuggled('two different lengths', MALFORMED, (inner) =>
    post(`Content-Length: 0\r\n${length(inner)}`, inner),
  ),
  smuggled('a length that is a list', MALFORMED, (inner) =>
    post(`Content-Length: 0, ${inner.length}\r\n`, inner),
  ),
  smuggled('a length with a sign', MALFORMED, (inner) => post(`Content-Length: +${inner.length}\r\n`, inner)),
  smuggled('a negative length', MALFORMED, (inner) => post('Content-Length: -1\r\n', inner)),
  smuggled('a length in hexadecimal', MALFORMED, (inner) =>
    post(`Content-Length: 0x${inner.length.toString(16)}\r\n`, inner),
  ),
  smuggled('an unknown transfer coding', MALFORMED, (inner) =>
    post('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${inner}`),
  ),
  smuggled('chunked, but not at last', MALFORMED, (inner) =>
    post('Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${inner}`),
  ),
  smuggled('two Transfer-Encodings', MALFORMED, (inner) =>
    post(`${CHUNKED}Transfer-Encoding: x\r\n`, `0\r\n\r\n${inner}`),
  ),
  smuggled('a space before the colon of Transfer-Encoding', MALFORMED, (inner) =>
    post(`Transfer-Encoding : chunked\r\n${length(`0\r\n\r\n${inner}`)}`, `0\r\n\r\n${inner}`),
  ),
  smuggled('a vertical tab before chunked', MALFORMED, (inner) =>
    post(`Transfer-Encoding: \x0bchunked\r\n`, `0\r\n\r\n${inner}`),
  ),
  smuggled('a header on a folded line', MALFORMED, (inner) =>
    post(`X: y\r\n Transfer-Encoding: chunked\r\n${length(inner)}`, inner),
  ),
  smuggled(
    'lines that end in LF alone',
    MALFORMED,
    (inner) => `GET / HTTP/1.1\nHost: ${ALLOWED}\nX: y\n\n${inner}`,
  ),
  smuggled('a carriage return alone in a header', MALFORMED, (inner) =>
    post(`X: y\rZ: z\r\n${length(inner)}`, inner),
  ),
  smuggled('a NUL in a header', MALFORMED, (inner) => post(`X: y\0z\r\n${length(inner)}`, inner)),
  smuggled('a chunk size that overflows', CUT_OFF, (inner) => post(CHUNKED, `FFFFFFFFFFFFFFFFF\r\n${inner}`)),
  smuggled('a chunk size with a prefix', CUT_OFF, (inner) => post(CHUNKED, `0x0\r\n\r\n${inner}`)),
  smuggled('a chunk extension with a line break', CUT_OFF, (inner) =>
    post(CHUNKED, `0;x=\n\r\n\r\n${inner}`),
  ),
  smuggled('a chunk that is longer than it says', CUT_OFF, (inner) =>
    post(CHUNKED, `1\r\nxx\r\n0\r\n\r\n${inner}`),
  ),
  smuggled(
    'a body that is a request, of a GET',
    /200/,
    (inner) => `GET / HTTP/1.1\r\nHost: ${ALLOWED}\r\nConnection: close\r\n${length(inner)}\r\n${inner}`,
  ),
  smuggled(
    'an upgrade to HTTP/2 in plain text',
    /200/,
    (inner) =>
      `POST / HTTP/1.1\r\nHost: ${ALLOWED}\r\nConnection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n${length(inner)}\r\n${inner}`,
  ),
  smuggled(
    'an upgrade to a WebSocket that upstream does not make',
    /200/,
    (inner) =>
      `GET / HTTP/1.1\r\nHost: ${ALLOWED}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n${inner}`,
  ),
  smuggled(
    'a version of HTTP that does not exist',
    MALFORMED,
    (inner) => `GET / HTTP/1.9\r\nHost: ${ALLOWED}\r\n\r\n${inner}`,
  ),
  smuggled('a request of HTTP/0.9', MALFORMED, (inner) => `GET /\r\n${inner}`),
  smuggled('an encoded line break in the path', /400 path-ambiguous/, (inner) =>
    request(`/x%0d%0a${encodeURIComponent(inner)}`),
  ),
  smuggled('an encoded line break in the query', /400 line-injection/, (inner) =>
    request(`/x?y=%20HTTP/1.1%0d%0aHost:%20other.example%0d%0a%0d%0a${encodeURIComponent(inner)}`),
  ),
  smuggled('the method TRACE, which repeats the token', /405 method-refused/, () =>
    request('/', '', 'TRACE'),
  ),
  smuggled('an unknown method', MALFORMED, () => request('/', '', 'SMUGGLE')),
  smuggled('more headers than egress reads', /431 headers-too-many/, () =>
    request('/', 'X: y\r\n'.repeat(500)),
  ),
  smuggled('headers longer than egress reads', /431 headers-too-long/, () =>
    request('/', `X: ${'y'.repeat(70_000)}\r\n`),
  ),
  smuggled(
    'a tunnel inside of a tunnel',
    /405 method-refused/,
    () => `CONNECT other.example:443 HTTP/1.1\r\nHost: other.example:443\r\n\r\n`,
  ),
  {
    name: 'smuggling: a tunnel behind a request without a response',
    as: 'agent',
    // No response could be told from that of the first request.
    meets: CUT_OFF,
    run: async (_scene, slug) => {
      const open = `GET http://plain.example/open-end/x HTTP/1.1\r\nHost: plain.example\r\n\r\n`;
      const heard = await toProxy(
        `${open}CONNECT ${ALLOWED}:443 HTTP/1.1\r\nHost: ${ALLOWED}:443\r\n\r\n${hidden(slug)}`,
      );
      return statuses(heard);
    },
  },
  {
    name: 'smuggling: plain HTTP in a tunnel of a host with a token',
    as: 'agent',
    meets: /403 plaintext-refused/,
    run: async (_scene, slug) => {
      const socket = await tunnel(`${ALLOWED}:443`);
      if (typeof socket === 'string') return socket;
      socket.write(request(`/escaped/${slug}`, '', 'GET', `${ALLOWED}:443`));
      return new Promise((resolve) => {
        socket.once('data', (chunk) => resolve(statuses(String(chunk))));
        socket.once('close', () => resolve('closed'));
      });
    },
  },
  {
    name: 'smuggling: another protocol in a tunnel',
    as: 'agent',
    meets: CUT_OFF,
    run: async () => {
      const socket = await tunnel(`${ALLOWED}:443`);
      if (typeof socket === 'string') return socket;
      socket.write('SSH-2.0-OpenSSH_9.9\r\n');
      return new Promise((resolve) => {
        socket.once('data', (chunk) => resolve(`heard ${chunk}`));
        socket.once('close', () => resolve('closed'));
      });
    },
  },
  {
    name: 'smuggling: TLS 1.0',
    as: 'agent',
    meets: /TLS: ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION/,
    run: async () => {
      const stream = await secured({
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      });
      return typeof stream === 'string' ? stream : `spoke ${stream.getProtocol()}`;
    },
  },
  overFrames('a transfer coding', (lines) => [...lines, ['transfer-encoding', 'chunked']]),
  overFrames('a connection header', (lines) => [...lines, ['connection', 'authorization']]),
  droppedHeader('a line break in a value', ['x', 'y\r\nhost: other.example']),
  droppedHeader('a line break in a name', ['x: y\r\nhost', 'other.example']),
  overFrames('a line break in the path', (lines, slug) => [
    ...lines.slice(0, -1),
    [':path', `/ HTTP/1.1\r\nHost: other.example\r\n\r\nGET /escaped/${slug}`],
  ]),
  overFrames('a request line in the method', (lines, slug) => [
    [':method', `GET /escaped/${slug} HTTP/1.1`],
    ...lines.slice(1),
  ]),
  overFrames('two authorities', (lines) => [...lines, [':authority', 'other.example']]),
  overFrames('a pseudo-header behind the headers', (lines) => [
    ...lines.slice(0, -1),
    ['x', 'y'],
    ...lines.slice(-1),
  ]),
  overFrames('a length that its body does not have', (lines) => [...lines, ['content-length', '100']]),
  {
    name: 'smuggling: extended CONNECT to another protocol over HTTP/2',
    as: 'agent',
    meets: /501 upgrade-refused/,
    run: () =>
      overHttp2({
        ':method': 'CONNECT',
        ':protocol': 'connect-udp',
        ':scheme': 'https',
        ':authority': ALLOWED,
      }),
  },
  {
    name: 'smuggling: a plain CONNECT over HTTP/2',
    as: 'agent',
    meets: /405 method-refused/,
    run: async () => {
      const { connect } = await import('node:http2');
      const stream = await secured({ ALPNProtocols: ['h2'] });
      if (typeof stream === 'string') return stream;
      const session = connect(`https://${ALLOWED}`, { createConnection: () => stream });
      return new Promise<string>((resolve) => {
        const sent = session.request({ ':method': 'CONNECT', ':authority': 'other.example:443' });
        sent.once('response', ({ ':status': status, 'x-bot-bottle-reason': reason }) =>
          resolve(`${status} ${reason}`),
        );
        sent.once('error', (error) => resolve(String((error as NodeJS.ErrnoException).code)));
      }).finally(() => session.destroy());
    },
  },
  {
    name: 'smuggling: chunks of one byte, the last one missing',
    as: 'agent',
    // Nothing is sent before it is complete and scanned; egress waits, and so does the attack.
    meets: CUT_OFF,
    run: async (_scene, slug) =>
      statuses(
        await heardInside(post(CHUNKED, [...hidden(slug)].map((byte) => `1\r\n${byte}\r\n`).join(''))),
      ),
  },
];
