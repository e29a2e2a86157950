import type { Duplex } from 'node:stream';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { Lru } from '../../shared/lru.ts';
import { type Deadlines, MAX_LEAVES, MAX_WARM_LEAVES } from '../http/limits.ts';
import type { LeafIssuer } from './leaf-issuer.ts';

/** The connection that one CONNECT opened. */
export interface Tunnel {
  readonly host: string;
  readonly port: number;
}

/** What is known of a tunnel once its TLS stands. */
export interface OpenTunnel {
  readonly tunnel: Tunnel;
  /** Server name of the handshake; `undefined` when none was sent. */
  readonly serverName: string | undefined;
}

export interface InterceptorOptions {
  readonly issue: LeafIssuer;
  readonly deadlines: Deadlines;
  /** Called with the decrypted side of each tunnel; its `alpnProtocol` says what is spoken there. */
  readonly opened: (socket: TLSSocket, open: OpenTunnel) => void;
  /** Called when the guest hung up before, or failed in, the TLS handshake. */
  readonly failed: (tunnel: Tunnel) => void;
}

/**
 * Ends the guest's TLS with leaves of the bottle's CA. One TLS server an authority, none of which listens: each can
 * only ever present its own name, and Node's public API does the rest.
 */
export class Interceptor {
  readonly #options: InterceptorOptions;
  readonly #servers = new Lru<string, Promise<Server>>(MAX_LEAVES);
  #warming: readonly Tunnel[] = [];

  constructor(options: InterceptorOptions) {
    this.#options = options;
  }

  /**
   * Only to be asked for hosts that a route names: each new one costs a signature and a place in the cache.
   * @returns a function that takes the guest's socket over, from the first byte of its TLS handshake.
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
   * Makes ahead what `prepare` would, so that the first CONNECT to a host finds it ready. One at a time: who asks
   * meanwhile waits behind one leaf at most. A later call puts its own list in the place of what is left.
   */
  async warm(tunnels: readonly Tunnel[]): Promise<void> {
    const own = tunnels.slice(0, MAX_WARM_LEAVES);
    this.#warming = own;
    for (const tunnel of own) {
      if (this.#warming !== own) return;
      // The request that needs it will make it, or say why it cannot be made.
      await this.prepare(tunnel).catch(() => {});
    }
  }

  async #makeServer(tunnel: Tunnel): Promise<Server> {
    const { cert, key } = await this.#options.issue(tunnel.host);
    const server = createServer({
      cert,
      key,
      // A client that speaks neither gets a handshake alert that says so.
      ALPNProtocols: ['h2', 'http/1.1'],
      handshakeTimeout: this.#options.deadlines.handshakeMs,
    });
    server.on('secureConnection', (socket) => {
      this.#options.opened(socket, { tunnel, serverName: socket.servername || undefined });
    });
    server.on('tlsClientError', (_error, socket) => {
      socket.destroy();
      this.#options.failed(tunnel);
    });
    return server;
  }
}
