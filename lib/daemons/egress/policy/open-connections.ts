import type { Duplex } from 'node:stream';
import type { ClosingReason } from '../http/reasons.ts';
import type { RequestFacts } from '../http/request-facts.ts';

/** Something open through egress: a tunnel, a request in progress, or a WebSocket. */
export interface OpenConnection {
  readonly host: string;
  readonly port: number;
  readonly isTunnel: boolean;
  /** Only for a request to a host with several routes: the one that admitted it. */
  readonly grant?: string | undefined;
  /** Only for a WebSocket: how it was admitted. It lasts, so it is judged again in the same way. */
  readonly webSocket?: { readonly facts: RequestFacts; readonly grant: string };
}

/** Tracks everything that is open, so that connections are closed when their route is removed. */
export class OpenConnections {
  /** Several may share a connection: plain requests that were pipelined. */
  readonly #open = new Map<Duplex, Set<OpenConnection>>();
  readonly #closed = new WeakMap<Duplex, ClosingReason>();

  /** @returns a function to call when the connection is over before its socket closes. */
  add(socket: Duplex, connection: OpenConnection): () => void {
    if (socket.closed) return () => {};
    const connections = this.#open.get(socket) ?? new Set();
    if (!this.#open.has(socket)) socket.once('close', () => this.#open.delete(socket));
    this.#open.set(socket, connections.add(connection));
    return () => connections.delete(connection);
  }

  /** Closes everything that is no longer permitted. */
  closeUnless(isPermitted: (connection: OpenConnection) => boolean): void {
    for (const [socket, connections] of [...this.#open])
      if (![...connections].every(isPermitted)) this.#close(socket, 'route-revoked');
  }

  closeAll(): void {
    for (const socket of [...this.#open.keys()]) this.#close(socket, 'egress-ended');
  }

  /** `undefined` if it was not closed here. */
  whyClosed(socket: Duplex): ClosingReason | undefined {
    return this.#closed.get(socket);
  }

  #close(socket: Duplex, reason: ClosingReason): void {
    this.#closed.set(socket, reason);
    socket.destroy();
  }
}
