import { Agent, type RequestOptions } from 'node:https';

/**
 * Keeps TLS connections, one pool an origin. All requests to one are made with the same options, so that Node need not
 * make a name of some twenty of them, five times a request.
 */
export class OriginAgent extends Agent {
  override getName({ host, port }: RequestOptions = {}): string {
    return `${host}:${port}`;
  }
}
