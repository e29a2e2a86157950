import { Agent, type buildConnector } from 'undici';
import type { Deadlines } from '../http/limits.ts';
import { PooledCall } from './pooled-call.ts';
import type { Caller } from './upstream-call.ts';

/** Origins remembered for an unsolicited 100 (Continue). Beyond, the oldest is forgotten. */
const MAX_REMEMBERED = 512;

export interface OriginPoolOptions {
  /** How to open TLS to an origin: options for undici, or a function. */
  readonly connect: buildConnector.BuildOptions | buildConnector.connector;
  readonly deadlines: Deadlines;
}

/**
 * Pools connections to HTTPS origins with undici, the other HTTP client of the Node project: `node:http`
 * takes 50 % more processor time per request. undici cannot send trailers or `TE`, cannot upgrade the
 * protocol, and drops a body that it could not send. So it only gets requests that have arrived completely.
 */
export class OriginPool {
  readonly #options: OriginPoolOptions;
  readonly #sendsContinue = new Set<string>();
  #agent: Agent | undefined;

  constructor(options: OriginPoolOptions) {
    this.#options = options;
  }

  /** Makes calls to one origin. Those that undici cannot make go to `other`. */
  caller(host: string, port: number, other: Caller): Caller {
    const origin = `https://${host}:${port}`;
    return {
      open: other.open,
      send: (request, body, listeners) => {
        const isUnsupported = request.headers.te !== undefined || this.#sendsContinue.has(origin);
        if (isUnsupported) return other.send(request, body, listeners);
        const call = new PooledCall(listeners, () => this.#remember(origin));
        // Otherwise undici would parse the name out of the Host header on each request.
        const target = { origin, servername: host };
        call.dispatch(this.prepare(), target, request, body);
        return call;
      },
    };
  }

  /** Loads undici, which takes 25 ms in the bundle. Call it after listening, before the first request. */
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
    this.#sendsContinue.add(origin);
    const oldest = this.#sendsContinue.values().next();
    if (this.#sendsContinue.size > MAX_REMEMBERED && oldest.done !== true) {
      this.#sendsContinue.delete(oldest.value);
    }
  }
}
