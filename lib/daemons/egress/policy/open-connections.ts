import type { Duplex } from 'node:stream';
import type { ClosingReason } from '../http/reasons.ts';
import type { RequestFacts } from '../http/request-facts.ts';

/** What is open through egress: a tunnel, a plain request under way, or a WebSocket. */
export interface OpenConnection {
  readonly host: string;
  readonly port: number;
  readonly isTunnel: boolean;
  /** Of a WebSocket: what it was let out by. It lasts, so it is judged again as it was at first. */
  readonly webSocket?: { readonly facts: RequestFacts; readonly grant: string };
}

/** Everything that is open, so that a route that is taken away takes its connections with it. */
export class OpenConnections {
  /** Several may share a connection: plain requests that were asked one behind the other. */
  readonly #open = new Map<Duplex, Set<OpenConnection>>();
  readonly #closed = new WeakMap<Duplex, ClosingReason>();

  /** @returns what is to be called when it is over before its socket is. */
  add(socket: Duplex, connection: OpenConnection): () => void {
    if (socket.closed) return () => {};
    const connections = this.#open.get(socket) ?? new Set();
    if (!this.#open.has(socket)) socket.once('close', () => this.#open.delete(socket));
    this.#open.set(socket, connections.add(connection));
    return () => connections.delete(connection);
  }

  /** Closes what is no longer permitted. */
  closeUnless(isPermitted: (connection: OpenConnection) => boolean): void {
    for (const [socket, connections] of [...this.#open])
      if (![...connections].every(isPermitted)) this.#close(socket, 'route-revoked');
  }

  closeAll(): void {
    for (const socket of [...this.#open.keys()]) this.#close(socket, 'egress-ended');
  }

  /** `undefined` for what was not closed here. */
  whyClosed(socket: Duplex): ClosingReason | undefined {
    return this.#closed.get(socket);
  }

  #close(socket: Duplex, reason: ClosingReason): void {
    this.#closed.set(socket, reason);
    socket.destroy();
  }
}
