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

/** The HTTP/1.1 side of egress with its limits; closes the HTTP/2 sessions inside its tunnels with itself. */
export class ProxyServer extends Server {
  readonly #sessions: GuestSessions;
  readonly #connections: OpenConnections;
  readonly #bySource = new Map<string, number>();

  constructor(deadlines: Deadlines, sessions: GuestSessions, connections: OpenConnections) {
    super({
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: deadlines.headersMs,
      // Uploads may last; an upload that stalls meets the idle limit.
      requestTimeout: 0,
      keepAliveTimeout: deadlines.keepAliveMs,
      connectionsCheckingInterval: Math.min(1000, deadlines.headersMs),
      // Any other offer is one that need not be taken.
      shouldUpgradeCallback: ({ headers }) => /websocket/i.test(headers.upgrade ?? ''),
      // `decide` refuses these with a reason instead of Node's bare 400.
      requireHostHeader: false,
    });
    this.#sessions = sessions;
    this.#connections = connections;
    // Longer than that of an upstream, so that the agent is told that it fell silent.
    this.timeout = deadlines.idleMs + deadlines.dialMs;
    this.maxConnections = MAX_CONNECTIONS;
    // Node would cut the list silently, and a header that framing depends on with it. `decide` counts instead.
    this.maxHeadersCount = 0;
    this.on('connection', (socket) => this.#count(socket));
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

  /** Counts the connections on the port, and not the insides of their tunnels, which come by here as well. */
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
