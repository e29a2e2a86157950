import { Agent, type RequestOptions } from 'node:https';

/**
 * Keeps TLS connections, one pool per origin. All requests to an origin use the same options, so Node need
 * not build a pool key from some twenty of them, five times per request.
 */
export class OriginAgent extends Agent {
  override getName({ host, port }: RequestOptions = {}): string {
    return `${host}:${port}`;
  }
}
