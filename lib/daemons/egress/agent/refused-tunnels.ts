import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { Lru } from '../../shared/lru.ts';
import { RateAllowance } from '../../shared/rate-allowance.ts';
import { headerOf } from '../../shared/raw-headers.ts';
import type { ServerCertificate } from '../../shared/server-certificate.ts';
import type { Exchange } from '../http/exchange.ts';
import { type Deadlines, MAX_REFUSED_LEAVES, REFUSED_LEAF_RATE } from '../http/limits.ts';
import { denialResponse } from '../policy/denial-response.ts';
import type { Denial } from '../policy/verdict.ts';
import type { OpenTunnel, Tunnel } from '../tls/interceptor.ts';
import type { LeafIssuer } from '../tls/leaf-issuer.ts';
import { tlsEnd } from '../tls/tls-end.ts';
import { firstProtocol } from './first-protocol.ts';

export interface RefusedTunnelsOptions {
  readonly issue: LeafIssuer;
  readonly deadlines: Deadlines;
  /** Called with the decrypted side of each tunnel. */
  readonly opened: (socket: TLSSocket, open: OpenTunnel) => void;
  /** Called with the agent's socket where it speaks plain HTTP. */
  readonly openedPlain: (socket: Duplex, tunnel: Tunnel) => void;
}

/**
 * Tunnels that policy refuses, and that are opened only to say so inside: most clients hide what a CONNECT was
 * answered. Their requests are answered here, and nothing is looked up or connected to.
 */
export class RefusedTunnels {
  readonly #options: RefusedTunnelsOptions;
  /** Apart from the leaves of listed hosts: an agent can ask for any number of names. */
  readonly #leaves = new Lru<string, Promise<ServerCertificate>>(MAX_REFUSED_LEAVES);
  readonly #allowance = new RateAllowance(REFUSED_LEAF_RATE);
  readonly #denials = new WeakMap<Duplex, Denial>();

  constructor(options: RefusedTunnelsOptions) {
    this.#options = options;
  }

  /**
   * Returns a function that explains the denial on the agent's socket; `undefined` if the tunnel must not be opened:
   * its port is none of HTTPS, or the agent has asked for too many names.
   */
  async prepare(tunnel: Tunnel, denial: Denial): Promise<((socket: Duplex) => Promise<void>) | undefined> {
    const leaf = mayBeHttps(tunnel.port) ? await this.#leafFor(tunnel.host) : undefined;
    return leaf && ((socket) => this.#explain(socket, leaf, tunnel, denial));
  }

  /** Answers a request in a refused tunnel, after which the tunnel closes. @returns whether it was in one. */
  answer(exchange: Exchange): boolean {
    const denial = this.#denials.get(exchange.connection);
    if (denial === undefined) return false;
    const response = denialResponse(denial, headerOf(exchange.rawHeaders, 'accept'));
    try {
      exchange.respondLocally({ ...response, isLast: true });
    } catch {
      exchange.abort();
    }
    return true;
  }

  async #leafFor(host: string): Promise<ServerCertificate | undefined> {
    try {
      return await this.#leaves.getOrMake(host, () => {
        if (!this.#allowance.take()) throw new Error('too many names');
        return this.#options.issue(host);
      });
    } catch {
      this.#leaves.delete(host);
      return undefined;
    }
  }

  async #explain(socket: Duplex, leaf: ServerCertificate, tunnel: Tunnel, denial: Denial): Promise<void> {
    const { deadlines, opened, openedPlain } = this.#options;
    const protocol = await firstProtocol(socket, deadlines.firstByteMs);
    if (protocol === 'http') {
      this.#denials.set(socket, denial);
      return openedPlain(socket, tunnel);
    }
    if (protocol !== 'tls') return void socket.destroy();
    const server = tlsEnd({
      leaf,
      handshakeMs: deadlines.handshakeMs,
      opened: (secure) => {
        this.#denials.set(secure, denial);
        opened(secure, { tunnel, serverName: secure.servername || undefined });
      },
      failed: () => {},
    });
    server.emit('connection', socket);
  }
}

/** Other ports below 1024 belong to protocols whose clients do show what the CONNECT was answered, such as SSH. */
function mayBeHttps(port: number): boolean {
  return port === 443 || port >= 1024;
}
