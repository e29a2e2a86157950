import { connect } from 'node:http2';
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
import { codeOf } from '../guest/dial.ts';
import { ALLOWED, overHttp2, secured } from '../guest/proxy.ts';

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

/** As `smuggling.ts`, over HTTP/2. */
export const SMUGGLING_HTTP2: readonly GuestAttack[] = [
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
    name: 'smuggling over HTTP/2: extended CONNECT to another protocol',
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
    name: 'smuggling over HTTP/2: a plain CONNECT',
    as: 'agent',
    meets: /405 method-refused/,
    run: async () => {
      const stream = await secured({ ALPNProtocols: ['h2'] });
      if (typeof stream === 'string') return stream;
      const session = connect(`https://${ALLOWED}`, { createConnection: () => stream });
      return new Promise<string>((resolve) => {
        const sent = session.request({ ':method': 'CONNECT', ':authority': 'other.example:443' });
        sent.once('response', ({ ':status': status, 'x-bot-bottle-reason': reason }) =>
          resolve(`${status} ${reason}`),
        );
        sent.once('error', (error) => resolve(codeOf(error)));
      }).finally(() => session.destroy());
    },
  },
];
