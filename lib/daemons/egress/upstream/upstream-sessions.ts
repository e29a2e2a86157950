import type { TLSSocket } from 'node:tls';
import { HTTP1_MEMORY_MS, MAX_REMEMBERED, MAX_SESSIONS_PER_ORIGIN } from '../http/http2-limits.ts';
import type { Deadlines } from '../http/limits.ts';
import type { Reach } from './addresses.ts';
import { dialWithin } from './dial-within.ts';
import { UpstreamSession } from './upstream-session.ts';

/** Sessions of different reach are never shared: another rule may permit other addresses. */
export interface Origin {
  readonly reach: Reach;
  readonly host: string;
  readonly port: number;
}

/** Opens TLS to an origin, verified for its name, on an address that its reach permits. */
export type SecureDialer = (
  origin: Origin,
  alpn: readonly string[],
  signal: AbortSignal,
) => Promise<TLSSocket>;

interface OriginState {
  readonly sessions: Set<UpstreamSession>;
  /** A session being opened; other requests wait for it. */
  opening?: Promise<UpstreamSession | undefined>;
}

/** HTTP/2 sessions to upstreams, shared by the requests to one origin. */
export class UpstreamSessions {
  readonly #dial: SecureDialer;
  readonly #deadlines: Deadlines;
  readonly #origins = new Map<string, OriginState>();
  /** When an origin stops being treated as HTTP/1.1 only, in milliseconds since the epoch. */
  readonly #http1Until = new Map<string, number>();

  constructor(dial: SecureDialer, deadlines: Deadlines) {
    this.#dial = dial;
    this.#deadlines = deadlines;
  }

  /**
   * Returns a session with room for a request, or `undefined` for an origin that only speaks HTTP/1.1.
   * @throws Error when the origin cannot be reached or its certificate is not valid.
   */
  async to(origin: Origin): Promise<UpstreamSession | undefined> {
    const key = `${origin.reach} ${origin.host}:${origin.port}`;
    if ((this.#http1Until.get(key) ?? 0) > Date.now()) return undefined;
    for (let opened = 1; ; opened += 1) {
      const state = this.#origins.get(key) ?? { sessions: new Set() };
      this.#origins.set(key, state);
      const open = [...state.sessions].filter(({ isOpen }) => isOpen);
      const free = open.find(({ hasRoom }) => hasRoom);
      if (free !== undefined) return free.reserve();
      if (open.length >= MAX_SESSIONS_PER_ORIGIN) return leastLoaded(open);
      state.opening ??= this.#open(origin, key, state).finally(() => {
        delete state.opening;
        if (state.sessions.size === 0) this.#origins.delete(key);
      });
      const session = await state.opening;
      // More requests may wait for it than it has room for, or it may have closed at once. Then try again.
      if (session === undefined || opened === MAX_SESSIONS_PER_ORIGIN) return session;
    }
  }

  close(): void {
    for (const { sessions } of this.#origins.values()) for (const session of sessions) session.destroy();
  }

  async #open(origin: Origin, key: string, { sessions }: OriginState): Promise<UpstreamSession | undefined> {
    const session = await dialWithin(this.#deadlines.dialMs, async (signal) => {
      const socket = await this.#dial(origin, ['h2', 'http/1.1'], signal);
      if (socket.alpnProtocol === 'h2') return UpstreamSession.open(socket, this.#deadlines, signal);
      socket.destroy();
      return undefined;
    });
    if (session === undefined) {
      this.#remember(key);
      return undefined;
    }
    sessions.add(session);
    session.onceClosed(() => {
      sessions.delete(session);
      if (sessions.size === 0 && this.#origins.get(key)?.opening === undefined) this.#origins.delete(key);
    });
    return session;
  }

  #remember(key: string): void {
    this.#http1Until.delete(key);
    this.#http1Until.set(key, Date.now() + HTTP1_MEMORY_MS);
    const oldest = this.#http1Until.keys().next();
    if (this.#http1Until.size > MAX_REMEMBERED && oldest.done !== true) this.#http1Until.delete(oldest.value);
  }
}

function leastLoaded(sessions: readonly UpstreamSession[]): UpstreamSession | undefined {
  return sessions.reduce((one, other) => (other.load < one.load ? other : one));
}
