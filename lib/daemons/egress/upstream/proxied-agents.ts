import { type AgentOptions, Agent as HttpAgent } from 'node:http';
import type { Duplex } from 'node:stream';
import { assertMayDial, type Reach, type ResolveAll } from './addresses.ts';
import { dialWithin } from './dial-within.ts';
import { OriginAgent } from './origin-agent.ts';
import { dialProxy, secureThrough, type UpstreamProxy } from './upstream-proxy.ts';

export interface ProxiedAgentOptions {
  readonly proxy: UpstreamProxy;
  /** Which addresses a name may resolve to. */
  readonly reach: Reach;
  readonly resolve?: ResolveAll | undefined;
  /** For name lookup, the connection to the proxy, and TLS behind it, together. */
  readonly dialMs: number;
  readonly pool: AgentOptions;
}

type Established = (error: Error | null, socket: Duplex) => void;
type Target = { host?: string | null | undefined; port?: string | number | null | undefined };

/** Keeps TLS connections through the upstream proxy, one pool per origin. Never dials an origin itself. */
export class ProxiedHttpsAgent extends OriginAgent {
  readonly #options: ProxiedAgentOptions;

  constructor(options: ProxiedAgentOptions) {
    super(options.pool);
    this.#options = options;
  }

  override createConnection({ host, port }: Target, established?: Established): undefined {
    const { proxy, reach, resolve, dialMs } = this.#options;
    const target = { host: host ?? '', port: Number(port) };
    const dial = async (signal: AbortSignal) => {
      await assertMayDial(target.host, { reach, resolve }, signal);
      return secureThrough(proxy, target, signal);
    };
    settle(dialWithin(dialMs, dial), established);
  }
}

/**
 * Keeps connections to the upstream proxy itself, for plain HTTP in absolute form. All origins share them.
 */
export class ProxiedHttpAgent extends HttpAgent {
  readonly #options: Pick<ProxiedAgentOptions, 'proxy' | 'dialMs' | 'pool'>;

  constructor(options: Pick<ProxiedAgentOptions, 'proxy' | 'dialMs' | 'pool'>) {
    super(options.pool);
    this.#options = options;
  }

  override createConnection(_options: Target, established?: Established): undefined {
    const { proxy, dialMs } = this.#options;
    settle(
      dialWithin(dialMs, (signal) => dialProxy(proxy, signal)),
      established,
    );
  }
}

/** Node's callback takes either an error alone or a socket, but its types only know the second form. */
function settle(dialed: Promise<Duplex>, established: Established | undefined): void {
  const callback = established as ((error: Error | null, socket?: Duplex) => void) | undefined;
  dialed.then(
    (socket) => callback?.(null, socket),
    (error: Error) => callback?.(error),
  );
}
