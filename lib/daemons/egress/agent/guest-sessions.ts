import { constants, performServerHandshake, type ServerHttp2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { RateAllowance } from '../../shared/rate-allowance.ts';
import { cancelStream } from '../http/cancel-stream.ts';
import type { Exchange } from '../http/exchange.ts';
import { ABUSE_BUDGET, GUEST_SESSION, MAX_STREAMS_TOTAL, SESSION_WINDOW } from '../http/http2-limits.ts';
import type { Deadlines } from '../http/limits.ts';
import type { OpenTunnel } from '../tls/interceptor.ts';
import { H2Exchange, isComplete } from './h2-exchange.ts';
import { H2WebSocketExchange } from './h2-web-socket.ts';

export interface GuestSessionsOptions {
  readonly deadlines: Deadlines;
  readonly handle: (exchange: Exchange) => void;
}

/** The agent's HTTP/2 sessions, inside its tunnels. */
export class GuestSessions {
  readonly #options: GuestSessionsOptions;
  readonly #open = new Set<ServerHttp2Session>();
  #streams = 0;

  constructor(options: GuestSessionsOptions) {
    this.#options = options;
  }

  /** Starts an HTTP/2 session on a socket that negotiated `h2`. */
  serve(socket: TLSSocket, tunnel: OpenTunnel): void {
    const { deadlines, handle } = this.#options;
    const session = performServerHandshake(socket, GUEST_SESSION);
    this.#open.add(session);
    session.on('error', () => {});
    session.once('close', () => this.#open.delete(session));
    session.setLocalWindowSize(SESSION_WINDOW);
    const idle = closeIdle(session, deadlines);
    const countAbuse = abuseLimiter(session);
    session.on('stream', (stream, headers, _flags, raw) => {
      if (this.#streams >= MAX_STREAMS_TOTAL) {
        stream.on('error', () => {});
        return stream.close(constants.NGHTTP2_REFUSED_STREAM);
      }
      this.#streams += 1;
      idle.opened();
      // Longer than the upstream's own limit, so that the agent is told which side fell silent.
      stream.setTimeout(deadlines.idleMs + deadlines.dialMs, () =>
        cancelStream(stream, new Error('silence')),
      );
      stream.once('close', () => {
        this.#streams -= 1;
        idle.closed();
        if (!isComplete(stream)) countAbuse();
      });
      const isExtended = headers[':protocol'] !== undefined;
      handle(new (isExtended ? H2WebSocketExchange : H2Exchange)(stream, raw, tunnel, socket));
    });
  }

  /** Lets running requests finish and takes no new ones. */
  close(): void {
    for (const session of this.#open) session.close();
  }

  /** Ends all sessions at once. */
  destroy(): void {
    for (const session of this.#open) session.destroy();
  }
}

/** Closes a session that has no requests for too long, or never sends its first. PINGs do not count. */
function closeIdle(session: ServerHttp2Session, deadlines: Deadlines): { opened(): void; closed(): void } {
  let streams = 0;
  const close = () => session.destroy();
  let timer = setTimeout(close, deadlines.headersMs);
  session.once('close', () => clearTimeout(timer));
  return {
    opened: () => {
      streams += 1;
      clearTimeout(timer);
    },
    closed: () => {
      streams -= 1;
      if (streams === 0 && !session.destroyed) timer = setTimeout(close, deadlines.keepAliveMs);
    },
  };
}

/** Closes a session that sends too many frames that cost work and achieve nothing, see `ABUSE_BUDGET`. */
function abuseLimiter(session: ServerHttp2Session): () => void {
  const allowance = new RateAllowance(ABUSE_BUDGET);
  const end = () => session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  const count = () => {
    // Deferred: nghttp2 reports PING and SETTINGS while it is still working on the session.
    if (!allowance.take()) setImmediate(end);
  };
  session.on('ping', count);
  session.on('remoteSettings', count);
  return count;
}
