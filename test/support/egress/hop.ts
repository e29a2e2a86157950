import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttps, request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext } from 'node:tls';
import type { UpstreamProxy } from '../../../lib/daemons/egress/upstream/upstream-proxy.ts';
import type { TestAuthority } from './authority.ts';
import { portOf } from './upstream.ts';

export interface HopOptions {
  /** CA of the hop, which then terminates TLS. Without one, the hop passes tunnels through unopened. */
  readonly authority?: TestAuthority;
  /** CA that the hop trusts for upstreams, PEM. */
  readonly upstreamCa?: string;
  /** Status of the response to every CONNECT, instead of a tunnel. */
  readonly refuses?: number;
  /** Accepts connections and sends nothing. */
  readonly silent?: boolean;
}

/** What the hop saw of a request that it could read. */
export interface HopSaw {
  readonly url: string;
  readonly authorization: string | undefined;
}

export interface Hop {
  readonly port: number;
  /** CONNECT targets, in order. */
  readonly tunnels: string[];
  /** Requests that it could read: plain HTTP, and HTTPS that it terminated. */
  readonly saw: HopSaw[];
  /** The hop in the form that egress takes. */
  readonly proxy: UpstreamProxy;
  close(): Promise<void>;
}

/**
 * A real forward proxy on 127.0.0.1. It connects to 127.0.0.1 whatever the host name, and terminates TLS if
 * it has a CA.
 */
export async function startHop(options: HopOptions = {}): Promise<Hop> {
  const { authority } = options;
  const tunnels: string[] = [];
  const saw: HopSaw[] = [];
  const inside: Server[] = [];
  const open = new Set<Duplex>();

  const note = (url: string, { headers }: IncomingMessage) =>
    saw.push({ url, authorization: headers.authorization });

  const hop = createServer((request, response) => {
    const { port, pathname, search, href } = new URL(request.url ?? '');
    note(href, request);
    const { method, headers } = request;
    const path = `${pathname}${search}`;
    const onward = httpRequest({ host: '127.0.0.1', port: Number(port || 80), method, path, headers });
    onward.on('error', () => response.writeHead(502).end('the hop cannot reach it'));
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });

  hop.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket));
    if (options.silent) socket.removeAllListeners('data').resume();
  });

  hop.on('connect', async (request, socket: Duplex) => {
    const target = request.url ?? '';
    tunnels.push(target);
    if (options.silent) return;
    if (options.refuses !== undefined) {
      socket.end(`HTTP/1.1 ${options.refuses} Refused\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const [host = '', port = ''] = target.split(':');
    if (authority === undefined) {
      const onward = connect(Number(port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(onward).pipe(socket);
      });
      onward.on('error', () => socket.destroy());
      return;
    }
    const { cert, key } = await authority.leaf(host);
    const ended = createHttps({ cert, key }, (decrypted, response) => {
      note(`https://${target}${decrypted.url}`, decrypted);
      const { method, headers, url } = decrypted;
      const onward = httpsRequest({
        ...{ host: '127.0.0.1', port: Number(port), method, path: url, headers, servername: host },
        ...(options.upstreamCa === undefined ? {} : { ca: options.upstreamCa }),
      });
      onward.on('error', () => response.writeHead(502).end('the hop cannot reach it'));
      onward.on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      decrypted.pipe(onward);
    });
    ended.on('tlsClientError', () => socket.destroy());
    inside.push(ended);
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    ended.emit('connection', socket);
  });

  hop.listen(0, '127.0.0.1');
  await once(hop, 'listening');
  const port = portOf(hop);
  const trust = authority && createSecureContext({ ca: authority.certificate });
  return {
    port,
    tunnels,
    saw,
    proxy: { host: '127.0.0.1', port, ...(trust === undefined ? {} : { trust }) },
    close: async () => {
      for (const server of inside) server.closeAllConnections();
      for (const socket of open) socket.destroy();
      hop.closeAllConnections();
      if (hop.listening) await new Promise((resolve) => hop.close(resolve));
    },
  };
}
