import { readFile } from 'node:fs/promises';
import { type ClientRequest, Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import { SELFTEST_HOST } from '../contract/selftest.ts';
import { guardedLookup, type Reach, type ResolveAll } from './addresses.ts';
import type { HeaderLines } from './headers.ts';
import type { Deadlines } from './limits.ts';
import type { Rule } from './policy.ts';

export interface UpstreamTarget {
  readonly rule: Rule;
  /** The host to dial and to verify the certificate for. */
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

export interface UpstreamRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: HeaderLines;
}

/** Starts a request. Synchronous: the caller listens for errors before any can be emitted. */
export type Dial = (request: UpstreamRequest) => ClientRequest;

/** Where the bundle's own selftest upstream is. */
export interface SelftestUpstream {
  readonly port: number;
  /** Path of the certificate it wrote at its start. */
  readonly certificate: string;
}

export interface UpstreamsOptions {
  readonly deadlines: Deadlines;
  readonly selftest: SelftestUpstream;
  /** How names become addresses; the system's resolver when absent. */
  readonly resolve?: ResolveAll;
}

/** Opens requests to upstreams: TLS verified for the rule's name, only permitted addresses dialled. */
export class Upstreams {
  readonly #deadlines: Deadlines;
  readonly #selftest: SelftestUpstream;
  readonly #agents: Readonly<Record<Reach, { http: HttpAgent; https: HttpsAgent }>>;

  constructor({ deadlines, selftest, resolve }: UpstreamsOptions) {
    this.#deadlines = deadlines;
    this.#selftest = selftest;
    const agents = (reach: Reach) => {
      const options = {
        keepAlive: true,
        timeout: deadlines.upstreamKeepAliveMs,
        lookup: guardedLookup(reach, resolve),
      };
      return { http: new HttpAgent(options), https: new HttpsAgent(options) };
    };
    this.#agents = { public: agents('public'), private: agents('private') };
  }

  /** How to reach one target. @throws Error when it is the selftest upstream, which has written no certificate. */
  async reach({ rule, host, port, secure }: UpstreamTarget): Promise<Dial> {
    const common = { host, port, timeout: this.#deadlines.idleMs };
    if (rule.upstream === 'selftest') {
      const options = { ...common, ...(await this.#selftestOptions()) };
      return (request) => this.#bounded(httpsRequest({ ...options, ...request }));
    }
    const agents = this.#agents[rule.upstream];
    if (!secure)
      return (request) => this.#bounded(httpRequest({ ...common, ...request, agent: agents.http }));
    const verified = { ...common, agent: agents.https, servername: host, rejectUnauthorized: true };
    return (request) => this.#bounded(httpsRequest({ ...verified, ...request }));
  }

  close(): void {
    for (const { http, https } of Object.values(this.#agents)) {
      http.destroy();
      https.destroy();
    }
  }

  /** Read anew each time: a restarted selftest has another certificate. */
  async #selftestOptions(): Promise<RequestOptions> {
    return {
      host: '127.0.0.1',
      port: this.#selftest.port,
      servername: SELFTEST_HOST,
      ca: await readFile(this.#selftest.certificate),
      rejectUnauthorized: true,
      agent: false,
    };
  }

  /** Adds the time limits for dialling and for silence. */
  #bounded(request: ClientRequest): ClientRequest {
    request.on('timeout', () => request.destroy(new UpstreamTimeoutError('the upstream fell silent')));
    request.once('socket', (socket) => {
      if (!socket.connecting) return;
      const give = () =>
        request.destroy(new UpstreamTimeoutError('the upstream did not accept the connection'));
      const timer = setTimeout(give, this.#deadlines.dialMs);
      const clear = () => clearTimeout(timer);
      socket.once('encrypted' in socket ? 'secureConnect' : 'connect', clear);
      socket.once('close', clear);
    });
    return request;
  }
}

export class UpstreamTimeoutError extends Error {
  readonly code = 'UPSTREAM_TIMEOUT';
}
