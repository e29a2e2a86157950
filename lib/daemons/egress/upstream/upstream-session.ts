import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ClientSessionRequestOptions,
  connect,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { MAX_UPSTREAM_STREAMS, PING_MS, SESSION_WINDOW, UPSTREAM_SESSION } from '../http/http2-limits.ts';
import type { Deadlines } from '../http/limits.ts';

/** One HTTP/2 session to an upstream. */
export class UpstreamSession {
  readonly #session: ClientHttp2Session;
  readonly #deadlines: Deadlines;
  #streams = 0;
  /** Requests that hold a reservation. */
  #reserved = 0;
  #idle: NodeJS.Timeout | undefined;

  private constructor(session: ClientHttp2Session, deadlines: Deadlines) {
    this.#session = session;
    this.#deadlines = deadlines;
    const ping = setInterval(() => this.#ping(), PING_MS).unref();
    session.once('close', () => {
      clearInterval(ping);
      clearTimeout(this.#idle);
    });
    this.#startIdleTimer();
  }

  /** Starts HTTP/2 on a socket that negotiated `h2`. Resolves once the upstream has sent its limits. */
  static async open(socket: TLSSocket, deadlines: Deadlines, signal: AbortSignal): Promise<UpstreamSession> {
    // The host in the URL is a placeholder: each request brings its own, and the socket is already connected.
    const session = connect('https://upstream.invalid', {
      ...UPSTREAM_SESSION,
      createConnection: () => socket,
    });
    session.on('error', () => {});
    const gone = Promise.withResolvers<never>();
    session.once('close', () => gone.reject(new Error('closed before it said anything')));
    // The session closes eventually, when nobody may wait for this promise.
    gone.promise.catch(() => {});
    try {
      await Promise.race([once(session, 'remoteSettings', { signal }), gone.promise]);
    } catch (error) {
      session.destroy();
      throw error;
    }
    session.setLocalWindowSize(SESSION_WINDOW);
    return new UpstreamSession(session, deadlines);
  }

  /** Milliseconds after which a silent request fails. */
  get idleMs(): number {
    return this.#deadlines.idleMs;
  }

  get isOpen(): boolean {
    return !this.#session.closed && !this.#session.destroyed;
  }

  /** Whether one more request could start at once. */
  get hasRoom(): boolean {
    const theirs = this.#session.remoteSettings.maxConcurrentStreams ?? MAX_UPSTREAM_STREAMS;
    return this.isOpen && this.#streams + this.#reserved < Math.min(theirs, MAX_UPSTREAM_STREAMS);
  }

  /** Reserves room for a request that is made in the same turn of the event loop, or not at all. */
  reserve(): this {
    this.#reserved += 1;
    if (this.#reserved === 1)
      setImmediate(() => {
        this.#reserved = 0;
      });
    return this;
  }

  /** Number of running requests. */
  get load(): number {
    return this.#streams;
  }

  /** Starts a request. Without room, it waits in nghttp2. */
  request(headers: OutgoingHttpHeaders, options: ClientSessionRequestOptions): ClientHttp2Stream {
    const stream = this.#session.request(headers, options);
    this.#streams += 1;
    this.#reserved = Math.max(0, this.#reserved - 1);
    clearTimeout(this.#idle);
    stream.once('close', () => {
      this.#streams -= 1;
      if (this.#streams === 0) this.#startIdleTimer();
    });
    return stream;
  }

  onceClosed(listener: () => void): void {
    this.#session.once('close', listener);
  }

  destroy(): void {
    this.#session.destroy();
  }

  #startIdleTimer(): void {
    if (this.isOpen)
      this.#idle = setTimeout(() => this.#session.close(), this.#deadlines.upstreamKeepAliveMs);
  }

  /** Detects a vanished upstream long before its requests count as silent. */
  #ping(): void {
    if (this.#streams === 0 || !this.isOpen) return;
    const timer = setTimeout(() => this.#session.destroy(), this.#deadlines.dialMs);
    this.#session.once('close', () => clearTimeout(timer));
    this.#session.ping(() => clearTimeout(timer));
  }
}
