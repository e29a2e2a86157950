import { readFile } from 'node:fs/promises';
import { type ClientRequest, Agent as HttpAgent, request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { buildConnector } from 'undici';
import { SELFTEST_HOST } from '../../contract/selftest/selftest.ts';
import type { Deadlines } from '../http/limits.ts';
import { assertMayDial, guardedLookup, type Reach, type ResolveAll } from './addresses.ts';
import { dialWithin } from './dial-within.ts';
import { h1Caller } from './h1-call.ts';
import { h2Caller } from './h2-call.ts';
import { OriginAgent } from './origin-agent.ts';
import { OriginPool } from './origin-pool.ts';
import { ProxiedHttpAgent, ProxiedHttpsAgent } from './proxied-agents.ts';
import { secureDirectly } from './secure-directly.ts';
import { type Caller, type UpstreamRequest, UpstreamTimeoutError } from './upstream-call.ts';
import { secureThrough, type UpstreamProxy } from './upstream-proxy.ts';
import { type SecureDialer, UpstreamSessions } from './upstream-sessions.ts';

export interface UpstreamTarget {
  /** `selftest`: the upstream inside the bundle; otherwise which addresses may be dialed. */
  readonly upstream: Reach | 'selftest';
  /** The host to dial and to verify the certificate for. */
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  /** Whether HTTP/2 may be used: only requests that arrived over it are sent over it. */
  readonly http2: boolean;
}

/** The bundle's own selftest upstream. */
export interface SelftestUpstream {
  readonly port: number;
  /** Path of the certificate that it writes when it starts. */
  readonly certificate: string;
}

export interface UpstreamsOptions {
  readonly deadlines: Deadlines;
  readonly selftest: SelftestUpstream;
  /** Resolves names; the system's resolver when absent. */
  readonly resolve?: ResolveAll;
  /** For all requests but those to the selftest upstream; absent: origins are dialed directly. */
  readonly proxy?: UpstreamProxy | undefined;
}

/** HTTP/1.1 clients for the origins of one reach. */
interface Agents {
  readonly http: HttpAgent;
  readonly https: OriginAgent;
  readonly pool: OriginPool;
}

/** Opens requests to upstreams. Verifies TLS for the requested host, and only dials permitted addresses. */
export class Upstreams {
  readonly #deadlines: Deadlines;
  readonly #selftest: SelftestUpstream;
  readonly #proxy: UpstreamProxy | undefined;
  readonly #resolve: ResolveAll | undefined;
  readonly #sessions: UpstreamSessions;
  readonly #agents: Readonly<Record<Reach, Agents>>;

  constructor({ deadlines, selftest, resolve, proxy }: UpstreamsOptions) {
    this.#deadlines = deadlines;
    this.#selftest = selftest;
    this.#proxy = proxy;
    this.#resolve = resolve;
    this.#sessions = new UpstreamSessions(this.#secure, deadlines);
    const agents = (reach: Reach) => {
      const pool = { keepAlive: true, timeout: deadlines.upstreamKeepAliveMs };
      if (proxy !== undefined) {
        const options = { proxy, reach, resolve, pool, dialMs: deadlines.dialMs };
        return {
          http: new ProxiedHttpAgent(options),
          https: new ProxiedHttpsAgent(options),
          pool: new OriginPool({ connect: this.#connectorFor(reach), deadlines }),
        };
      }
      const lookup = guardedLookup(reach, resolve);
      const options = { ...pool, lookup };
      const connect = { lookup, rejectUnauthorized: true, timeout: deadlines.dialMs };
      return {
        http: new HttpAgent(options),
        https: new OriginAgent(options),
        pool: new OriginPool({ connect, deadlines }),
      };
    };
    this.#agents = { public: agents('public'), private: agents('private') };
  }

  /**
   * Returns a caller for one target.
   * @throws Error for the selftest upstream before it has written its certificate; for plain HTTP through the
   * upstream proxy when the name or its addresses are refused; for HTTP/2 when the origin cannot be reached.
   */
  async reach({ upstream, host, port, secure, http2 }: UpstreamTarget): Promise<Caller> {
    const common = { host, port, timeout: this.#deadlines.idleMs };
    if (upstream === 'selftest') {
      const options = { ...common, ...(await this.#selftestOptions()) };
      return h1Caller((request) => this.#withTimeouts(httpsRequest({ ...options, ...inHttp1(request) })));
    }
    const agents = this.#agents[upstream];
    if (!secure) {
      const inForm = await this.#plainForm(upstream, host, port);
      const options = { ...common, agent: agents.http };
      return h1Caller((request) =>
        this.#withTimeouts(httpRequest({ ...options, ...inHttp1(request), ...inForm(request) })),
      );
    }
    const origin = { reach: upstream, host, port };
    const session = http2 ? await this.#sessions.to(origin) : undefined;
    if (session !== undefined) return h2Caller(session, () => this.#sessions.to(origin));
    const verified = { ...common, agent: agents.https, servername: host, rejectUnauthorized: true };
    const other = h1Caller((request) =>
      this.#withTimeouts(httpsRequest({ ...verified, ...inHttp1(request) })),
    );
    return agents.pool.caller(host, port, other);
  }

  /** Does work ahead that would delay the first request. */
  prepare(): void {
    for (const { pool } of Object.values(this.#agents)) pool.prepare();
  }

  close(): void {
    this.#sessions.close();
    for (const { http, https, pool } of Object.values(this.#agents)) {
      http.destroy();
      https.destroy();
      pool.close();
    }
  }

  /** Dials origins through the upstream proxy, in the same way as for HTTP/2 sessions. */
  #connectorFor(reach: Reach): buildConnector.connector {
    return ({ hostname, port }, connected) => {
      const origin = { reach, host: hostname, port: Number(port || 443) };
      const dial = (signal: AbortSignal) => this.#secure(origin, ['http/1.1'], signal);
      dialWithin(this.#deadlines.dialMs, dial).then(
        (socket) => connected(null, socket),
        (error) => connected(error, null),
      );
    };
  }

  readonly #secure: SecureDialer = async ({ reach, host, port }, alpn, signal) => {
    if (this.#proxy === undefined) {
      return secureDirectly({ host, port, alpn, lookup: guardedLookup(reach, this.#resolve) }, signal);
    }
    await assertMayDial(host, { reach, resolve: this.#resolve }, signal);
    return secureThrough(this.#proxy, { host, port, alpn }, signal);
  };

  /** Extra options of a plain request: through the proxy, which is dialed, its target is in absolute form. */
  async #plainForm(reach: Reach, host: string, port: number) {
    const proxy = this.#proxy;
    if (proxy === undefined) return () => ({});
    const names = { reach, resolve: this.#resolve };
    await dialWithin(this.#deadlines.dialMs, (signal) => assertMayDial(host, names, signal));
    const origin = `http://${host}${port === 80 ? '' : `:${port}`}`;
    return ({ path }: UpstreamRequest) => ({ host: proxy.host, port: proxy.port, path: `${origin}${path}` });
  }

  /** Read on each request: a restarted selftest has another certificate. */
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

  /** Adds the time limits for dialing and for silence. */
  #withTimeouts(request: ClientRequest): ClientRequest {
    request.on('timeout', () => request.destroy(new UpstreamTimeoutError('the upstream fell silent')));
    request.once('socket', (socket) => {
      if (!socket.connecting) return;
      const expire = () =>
        request.destroy(new UpstreamTimeoutError('the upstream did not accept the connection'));
      const timer = setTimeout(expire, this.#deadlines.dialMs);
      const clear = () => clearTimeout(timer);
      socket.once('encrypted' in socket ? 'secureConnect' : 'connect', clear);
      socket.once('close', clear);
    });
    return request;
  }
}

/**
 * In HTTP/1.1, `TE` is a connection header and must be named in `Connection`. An upgraded request has none.
 */
function inHttp1({ method, path, headers }: UpstreamRequest): RequestOptions {
  if (headers.te === undefined) return { method, path, headers };
  const { te, ...rest } = headers;
  if (rest.connection !== undefined) return { method, path, headers: rest };
  return { method, path, headers: { ...rest, te: String(te), connection: 'keep-alive, TE' } };
}
