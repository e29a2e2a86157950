import { once } from 'node:events';
import {
  createSecureServer,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { ServerCertificate } from '../../../lib/daemons/shared/server-certificate.ts';
import { portOf } from './upstream.ts';

export interface H2Upstream {
  readonly port: number;
  /** Headers of every request that reached it, including pseudo-headers, in order. */
  readonly seen: IncomingHttpHeaders[];
  /** Sessions, in the order in which they were opened. */
  readonly sessions: ServerHttp2Session[];
  close(): Promise<void>;
}

/**
 * A real HTTP/2 server on 127.0.0.1 that records what reached it. With `allowHTTP1` it also serves HTTP/1.1.
 */
export async function startH2Upstream(
  leaf: ServerCertificate,
  handle: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, upstream: H2Upstream) => void,
  options: SecureServerOptions = {},
): Promise<H2Upstream> {
  const server = createSecureServer({ ...leaf, ...options });
  const upstream: H2Upstream = {
    port: 0,
    seen: [],
    sessions: [],
    close: async () => {
      for (const session of upstream.sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  server.on('session', (session) => upstream.sessions.push(session));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    upstream.seen.push(headers);
    handle(stream, headers, upstream);
  });
  // With a `request` listener, Node would also respond to HTTP/2 streams.
  if (options.allowHTTP1 === true) server.on('request', (_request, response) => response.end('by HTTP/1.1'));
  server.on('sessionError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(upstream, { port: portOf(server) });
}
