import { once } from 'node:events';
import { createServer as createPlainServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import type { ServerCertificate } from '../../../lib/daemons/shared/server-certificate.ts';

export interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  /** Keyed by lowercase name. */
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
}

export interface Upstream {
  readonly port: number;
  /** Every request that reached it, in order. */
  readonly seen: Seen[];
  /** Number of TCP connections accepted. */
  connections: number;
  close(): Promise<void>;
}

/** A real HTTP(S) server on 127.0.0.1 that records what reached it; with TLS if `leaf` is given. */
export async function startUpstream(
  leaf: ServerCertificate | undefined,
  handle: RequestListener,
): Promise<Upstream> {
  const seen: Seen[] = [];
  const listener: RequestListener = (request, response) => {
    const { method, url, headers, rawHeaders } = request;
    seen.push({ method, url, headers, rawHeaders });
    handle(request, response);
  };
  const server = leaf === undefined ? createPlainServer(listener) : createServer({ ...leaf }, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upstream: Upstream = {
    port: portOf(server),
    seen,
    connections: 0,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  server.on('connection', () => {
    upstream.connections += 1;
  });
  return upstream;
}

export function portOf(server: Server): number {
  const address: string | AddressInfo | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on TCP');
  return address.port;
}
