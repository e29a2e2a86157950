import type { GuestAttack } from '../attack.ts';
import { ALLOWED, heardInside, inside, request, secured, statuses, toProxy, tunnel } from '../guest/proxy.ts';

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
