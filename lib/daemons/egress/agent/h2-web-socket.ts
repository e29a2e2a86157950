import type { ServerHttp2Stream } from 'node:http2';
import { type Duplex, Readable } from 'node:stream';
import type { WebSocketOffer } from '../http/exchange.ts';
import type { OpenTunnel } from '../tls/interceptor.ts';
import { H2Exchange } from './h2-exchange.ts';

/**
 * A request for a WebSocket over HTTP/2: an extended CONNECT (RFC 8441), whose stream carries frames later.
 */
export class H2WebSocketExchange extends H2Exchange {
  /** The stream carries frames, not a body. */
  override readonly body = Readable.from([]);
  override readonly hasBody = false;
  override readonly protocol = 'websocket';
  readonly webSocket: WebSocketOffer;

  constructor(stream: ServerHttp2Stream, raw: readonly string[], open: OpenTunnel, connection: Duplex) {
    super(stream, raw, open, connection);
    this.webSocket = {
      status: 200,
      open: (headers) => {
        stream.respond({ ...headers, ':status': 200 });
        return stream;
      },
    };
  }

  /** As sent upstream, where the handshake is HTTP/1.1. */
  override get method(): string {
    return 'GET';
  }
}
