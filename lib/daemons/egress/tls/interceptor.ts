import type { Duplex } from 'node:stream';
import type { Server, TLSSocket } from 'node:tls';
import { Lru } from '../../shared/lru.ts';
import { type Deadlines, MAX_LEAVES, MAX_WARM_LEAVES } from '../http/limits.ts';
import type { LeafIssuer } from './leaf-issuer.ts';
import { tlsEnd } from './tls-end.ts';

/** Target of a CONNECT. */
export interface Tunnel {
  readonly host: string;
  readonly port: number;
}

/** A tunnel in which the agent speaks plain HTTP. */
export interface PlainTunnel {
  readonly tunnel: Tunnel;
  readonly isPlain: true;
}

/** What is known about a tunnel after its TLS handshake. */
export interface OpenTunnel {
  readonly isPlain?: never;
  readonly tunnel: Tunnel;
  /** Server name of the handshake; `undefined` when none was sent. */
  readonly serverName: string | undefined;
}

export interface InterceptorOptions {
  readonly issue: LeafIssuer;
  readonly deadlines: Deadlines;
  /** Called with the decrypted side of each tunnel; its `alpnProtocol` tells the protocol. */
  readonly opened: (socket: TLSSocket, open: OpenTunnel) => void;
  /** Called when the TLS handshake failed, or the agent hung up before its end. */
  readonly failed: (tunnel: Tunnel) => void;
}

/**
 * Terminates the agent's TLS with leaves of the bottle's CA. There is one TLS server per authority, and none
 * of them listens: each can only present its own name, and Node's public API does the rest.
 */
export class Interceptor {
  readonly #options: InterceptorOptions;
  readonly #servers = new Lru<string, Promise<Server>>(MAX_LEAVES);
  #warming: readonly Tunnel[] = [];

  constructor(options: InterceptorOptions) {
    this.#options = options;
  }

  /**
   * Must only be called for hosts that a route names: each new one costs a signature and a cache entry.
   * @returns a function that takes over the agent's socket, from the first byte of its TLS handshake.
   */
  async prepare(tunnel: Tunnel): Promise<(socket: Duplex) => void> {
    const key = `${tunnel.host}:${tunnel.port}`;
    try {
      const server = await this.#servers.getOrMake(key, () => this.#makeServer(tunnel));
      return (socket) => {
        server.emit('connection', socket);
      };
    } catch (error) {
      this.#servers.delete(key);
      throw error;
    }
  }

  /**
   * Does the work of `prepare` ahead, so that the first CONNECT to a host need not wait. Works on one host at
   * a time, so a CONNECT in the meantime waits for at most one leaf. A later call replaces the rest of the
   * list.
   */
  async warm(tunnels: readonly Tunnel[]): Promise<void> {
    const own = tunnels.slice(0, MAX_WARM_LEAVES);
    this.#warming = own;
    for (const tunnel of own) {
      if (this.#warming !== own) return;
      // The request that needs it will try again and report the failure.
      await this.prepare(tunnel).catch(() => {});
    }
  }

  async #makeServer(tunnel: Tunnel): Promise<Server> {
    const { issue, deadlines, opened, failed } = this.#options;
    return tlsEnd({
      leaf: await issue(tunnel.host),
      handshakeMs: deadlines.handshakeMs,
      opened: (socket) => opened(socket, { tunnel, serverName: socket.servername || undefined }),
      failed: () => failed(tunnel),
    });
  }
}
