import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type OutgoingHttpHeaders,
  type SecureClientSessionOptions,
} from 'node:http2';
import { text } from 'node:stream/consumers';
import { openTunnel, type TunnelOptions } from './agent.ts';

/** A response as an agent that speaks HTTP/2 sees it. */
export interface H2Reply {
  readonly status: number | undefined;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
  readonly trailers: Record<string, unknown>;
  /** Headers of every 1xx response, in order. */
  readonly hints: Record<string, unknown>[];
}

/** Opens a tunnel with ALPN `h2` and an HTTP/2 session in it. */
export async function openSession(
  options: TunnelOptions,
  settings: SecureClientSessionOptions = {},
): Promise<ClientHttp2Session> {
  const socket = await openTunnel({ ...options, alpn: ['h2'] });
  const session = connect(`https://${options.target}`, { ...settings, createConnection: () => socket });
  session.on('error', () => {});
  await once(session, 'connect');
  return session;
}

/** Starts a request on a session; the caller ends it. */
export function streamOn(session: ClientHttp2Session, headers: OutgoingHttpHeaders): ClientHttp2Stream {
  const stream = session.request(headers, { endStream: false });
  stream.on('error', () => {});
  return stream;
}

/** Waits for the complete response. @throws Error if the stream is reset first. */
export async function h2ReplyOf(stream: ClientHttp2Stream): Promise<H2Reply> {
  const hints: Record<string, unknown>[] = [];
  let trailers: Record<string, unknown> = {};
  stream.on('headers', (headers) => hints.push(headers));
  stream.on('trailers', (headers) => {
    trailers = headers;
  });
  const [headers] = await once(stream, 'response');
  const body = await text(stream);
  return { status: headers[':status'], headers, body, trailers, hints };
}

/** Sends one request without a body. */
export function fetchOn(session: ClientHttp2Session, headers: OutgoingHttpHeaders = {}): Promise<H2Reply> {
  const stream = session.request(headers, { endStream: true });
  stream.on('error', () => {});
  return h2ReplyOf(stream);
}
