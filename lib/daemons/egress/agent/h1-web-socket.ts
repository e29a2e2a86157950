import { type IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { headerOf } from '../../shared/raw-headers.ts';
import type { WebSocketOffer } from '../http/exchange.ts';
import type { OpenTunnel, PlainTunnel } from '../tls/interceptor.ts';
import { acceptFor } from '../websocket/handshake.ts';
import { hangUp } from '../websocket/hang-up.ts';
import { LINGER_MS } from '../websocket/limits.ts';
import { H1Exchange } from './h1-exchange.ts';

/** A request for a WebSocket over HTTP/1.1, on a socket that Node has detached. */
export class H1WebSocketExchange extends H1Exchange {
  override readonly protocol = 'websocket';
  readonly webSocket: WebSocketOffer;

  /** `head`: bytes that came after the request; they are frames already. */
  constructor(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    tunnel: OpenTunnel | PlainTunnel | undefined,
  ) {
    const response = responseOn(socket, request);
    super(request, response, { tunnel, awaitsContinue: false });
    if (head.length > 0) socket.unshift(head);
    this.webSocket = {
      status: 101,
      open: (headers) => {
        const key = headerOf(request.rawHeaders, 'sec-websocket-key') ?? '';
        const own = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-accept': acceptFor(key) };
        this.start(101, { ...headers, ...own });
        if (socket instanceof Socket) response.detachSocket(socket);
        return socket;
      },
    };
  }
}

/** A Node response on a detached socket. Any status but 101 closes the socket. */
function responseOn(socket: Duplex, request: IncomingMessage): ServerResponse {
  socket.on('error', () => socket.destroy());
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  if (socket instanceof Socket) response.assignSocket(socket);
  const drained = () => response.emit('drain');
  socket.on('drain', drained);
  response.once('finish', () => {
    socket.off('drain', drained);
    if (response.statusCode !== 101) void hangUp(socket, { flushMs: LINGER_MS, lingerMs: LINGER_MS });
  });
  return response;
}
