import { Server } from 'node:http';
import type { Socket } from 'node:net';
import {
  type Deadlines,
  MAX_CONNECTIONS,
  MAX_CONNECTIONS_PER_SOURCE,
  MAX_HEADER_BYTES,
} from '../http/limits.ts';
import type { OpenConnections } from '../policy/open-connections.ts';
import type { GuestSessions } from './guest-sessions.ts';
import { answerMalformed } from './malformed-request.ts';

/** The HTTP/1.1 server with its limits. Closing it also closes the HTTP/2 sessions inside its tunnels. */
export class ProxyServer extends Server {
  readonly #sessions: GuestSessions;
  readonly #connections: OpenConnections;
  readonly #bySource = new Map<string, number>();

  constructor(deadlines: Deadlines, sessions: GuestSessions, connections: OpenConnections) {
    super({
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: deadlines.headersMs,
      // Uploads may take long. One that stalls hits the idle limit.
      requestTimeout: 0,
      keepAliveTimeout: deadlines.keepAliveMs,
      connectionsCheckingInterval: Math.min(1000, deadlines.headersMs),
      // Offers of other protocols may be ignored.
      shouldUpgradeCallback: ({ headers }) => /websocket/i.test(headers.upgrade ?? ''),
      // `decide` refuses these with a reason; Node would send a bare 400.
      requireHostHeader: false,
    });
    this.#sessions = sessions;
    this.#connections = connections;
    // Longer than the upstream's limit, so that the agent is told that the upstream fell silent.
    this.timeout = deadlines.idleMs + deadlines.dialMs;
    this.maxConnections = MAX_CONNECTIONS;
    // Node would silently drop headers over its limit, even one that framing depends on. `decide` counts.
    this.maxHeadersCount = 0;
    this.on('connection', (socket) => this.#count(socket));
    this.on('clientError', answerMalformed);
  }

  override closeIdleConnections(): void {
    super.closeIdleConnections();
    this.#sessions.close();
  }

  override closeAllConnections(): void {
    this.#connections.closeAll();
    super.closeAllConnections();
    this.#sessions.destroy();
  }

  /** Counts connections to the port. The decrypted sides of tunnels, which also arrive here, do not count. */
  #count(socket: Socket): void {
    const source = socket.remoteAddress;
    if ('encrypted' in socket || source === undefined) return;
    const open = (this.#bySource.get(source) ?? 0) + 1;
    if (open > MAX_CONNECTIONS_PER_SOURCE) {
      socket.destroy();
      return;
    }
    this.#bySource.set(source, open);
    socket.once('close', () => {
      const left = (this.#bySource.get(source) ?? 1) - 1;
      if (left === 0) this.#bySource.delete(source);
      else this.#bySource.set(source, left);
    });
  }
}
