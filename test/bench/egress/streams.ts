import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { openWire, type Route } from './wire.ts';

export interface Streams {
  readonly route: Route;
  /** Concurrent requests on the one connection. */
  readonly streams: number;
  readonly warmMs: number;
  readonly measureMs: number;
  readonly body: string;
}

/**
 * Requests per second over HTTP/2, where each stream is followed by the next; `undefined` if the other side
 * does not speak it.
 */
export async function streamLoop({ route, streams, warmMs, measureMs, body }: Streams) {
  const socket = await openWire(route, ['h2', 'http/1.1']);
  if (socket.alpnProtocol !== 'h2') {
    socket.destroy();
    return undefined;
  }
  const session = connect(`https://${route.host}:${route.port}`, { createConnection: () => socket });
  const start = performance.now() + warmMs;
  const end = start + measureMs;
  let done = 0;
  const loop = async () => {
    for (let now = performance.now(); now < end; ) {
      await ask(session, body);
      const after = performance.now();
      if (now >= start && after <= end) done += 1;
      now = after;
    }
  };
  await Promise.all(Array.from({ length: streams }, loop));
  session.destroy();
  return (done * 1000) / measureMs;
}

/** @throws Error when the status is not 200. */
async function ask(session: ClientHttp2Session, body: string): Promise<void> {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/v1/items',
    'user-agent': 'bench/1.0',
    accept: 'application/json',
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  let status: number | undefined;
  stream.once('response', (headers) => {
    status = headers[':status'];
  });
  stream.resume().end(body);
  await once(stream, 'close');
  if (status !== 200) throw new Error(`an answer by HTTP/2 with status ${status}`);
}
