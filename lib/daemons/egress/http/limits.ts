/** Bytes of one request's header block. Twice Node's default: agents send long cookies and trace headers. */
export const MAX_HEADER_BYTES = 32 * 1024;

/** Header lines of one request. Browsers and SDKs send 20 to 40. Node silently drops any over its limit. */
export const MAX_HEADERS = 200;

/**
 * Open connections from the guest. Far above any package manager, far below the bundle's file descriptors.
 */
export const MAX_CONNECTIONS = 1024;

/**
 * Open connections from one address: half of all, so that no guest can lock out another or a health check.
 */
export const MAX_CONNECTIONS_PER_SOURCE = 512;

/** Cached interception contexts (leaf certificate and key); the least recently used is dropped first. */
export const MAX_LEAVES = 512;

/** Leaves that are made ahead of use: an agent talks to a handful of hosts, however many its routes name. */
export const MAX_WARM_LEAVES = 64;

/** Kept leaves of hosts to which policy refuses a tunnel, in which the agent is told so. */
export const MAX_REFUSED_LEAVES = 64;

/** New leaves of such hosts: an agent can ask for any number of names. Beyond, it is told in the response to CONNECT. */
export const REFUSED_LEAF_RATE = { burst: 64, perSecond: 4 } as const;

/** Time limits of egress, in milliseconds. */
export interface Deadlines {
  /** From the response to CONNECT to the end of the TLS handshake; a LAN handshake takes 10 ms. */
  readonly handshakeMs: number;
  /** From the response to CONNECT to the first byte of a tunnel that is refused inside. */
  readonly firstByteMs: number;
  /** For one request's header block, so that trickled headers do not hold a connection. */
  readonly headersMs: number;
  /** For a connection without traffic either way. Above the 10 minutes that AI SDKs wait for a response. */
  readonly idleMs: number;
  /** For a kept-alive connection of the agent between two requests. */
  readonly keepAliveMs: number;
  /** For name lookup, TCP and TLS to an upstream. */
  readonly dialMs: number;
  /** For an unused upstream connection. Below the 5 s after which the first servers hang up. */
  readonly upstreamKeepAliveMs: number;
  /** For running requests after SIGTERM. Below init's grace period. */
  readonly drainMs: number;
}

export const DEADLINES: Deadlines = {
  handshakeMs: 10_000,
  firstByteMs: 5_000,
  headersMs: 20_000,
  idleMs: 15 * 60_000,
  keepAliveMs: 65_000,
  dialMs: 15_000,
  upstreamKeepAliveMs: 4_000,
  drainMs: 3_000,
};
