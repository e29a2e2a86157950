import { Agent, type buildConnector } from 'undici';
import type { Deadlines } from '../http/limits.ts';
import { PooledCall } from './pooled-call.ts';
import type { Caller } from './upstream-call.ts';

/** Origins that are remembered for what they say unasked; beyond, the oldest is tried anew. */
const MAX_REMEMBERED = 512;

export interface OriginPoolOptions {
  /** How TLS to an origin is made: by undici with these options, or by a function. */
  readonly connect: buildConnector.BuildOptions | buildConnector.connector;
  readonly deadlines: Deadlines;
}

/**
 * Connections to HTTPS origins that are kept and used by undici, the other HTTP client of the Node project: with
 * `node:http` a request takes half as much processor time again. It can send no trailers and no wish for them, change no
 * protocol, and drops a body that it could not send; so it gets requests that are here to their end.
 */
export class OriginPool {
  readonly #options: OriginPoolOptions;
  readonly #saysContinue = new Set<string>();
  #agent: Agent | undefined;

  constructor(options: OriginPoolOptions) {
    this.#options = options;
  }

  /** Makes calls to one origin; those that undici can't make, by `other`. */
  caller(host: string, port: number, other: Caller): Caller {
    const origin = `https://${host}:${port}`;
    return {
      open: other.open,
      send: (request, body, listeners) => {
        const isBeyond = request.headers.te !== undefined || this.#saysContinue.has(origin);
        if (isBeyond) return other.send(request, body, listeners);
        const call = new PooledCall(listeners, () => this.#remember(origin));
        // The name is that of the Host header, which undici would take it from anew each time.
        const target = { origin, servername: host };
        call.dispatch(this.prepare(), target, request, body);
        return call;
      },
    };
  }

  /** In the bundle this loads undici, which takes 25 ms: not before the port is open, nor with the first request. */
  prepare(): Agent {
    this.#agent ??= this.#open();
    return this.#agent;
  }

  close(): void {
    void this.#agent?.destroy();
  }

  #open(): Agent {
    const { connect, deadlines } = this.#options;
    return new Agent({
      connect,
      allowH2: false,
      headersTimeout: deadlines.idleMs,
      bodyTimeout: deadlines.idleMs,
      keepAliveTimeout: deadlines.upstreamKeepAliveMs,
      keepAliveMaxTimeout: deadlines.upstreamKeepAliveMs,
    });
  }

  #remember(origin: string): void {
    this.#saysContinue.add(origin);
    const oldest = this.#saysContinue.values().next();
    if (this.#saysContinue.size > MAX_REMEMBERED && oldest.done !== true) {
      this.#saysContinue.delete(oldest.value);
    }
  }
}
