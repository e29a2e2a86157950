/** Bytes of one request's header block. Twice Node's default: agents send long cookies and trace headers. */
export const MAX_HEADER_BYTES = 32 * 1024;

/** Header lines of one request. Browsers and SDKs send 20 to 40; Node would silently drop what is over its own limit. */
export const MAX_HEADERS = 200;

/** Open connections from the guest; far above any package manager, far below the bundle's file descriptors. */
export const MAX_CONNECTIONS = 1024;

/** Open connections from one address: half, so that no guest keeps another, or a health check, out. */
export const MAX_CONNECTIONS_PER_SOURCE = 512;

/** Interception contexts (leaf certificate and key) kept; the least recently used goes first. */
export const MAX_LEAVES = 512;

/** Of these, made before anyone asks: an agent speaks to a handful of hosts, whatever its routes name. */
export const MAX_WARM_LEAVES = 64;

/** Time limits of egress, milliseconds. */
export interface Deadlines {
  /** From the answer to CONNECT to the end of the TLS handshake; a LAN handshake takes 10 ms. */
  readonly handshakeMs: number;
  /** For one request's header block, so that a trickled header holds no slot. */
  readonly headersMs: number;
  /** A connection on which nothing moves in either direction. Above the 10 minutes that AI SDKs wait for an answer. */
  readonly idleMs: number;
  /** A kept-alive connection of the guest between two requests. */
  readonly keepAliveMs: number;
  /** Name lookup, TCP and TLS to an upstream. */
  readonly dialMs: number;
  /** An unused upstream connection; below the 5 s after which the first servers hang up. */
  readonly upstreamKeepAliveMs: number;
  /** Requests under way at TERM get this long; below init's grace. */
  readonly drainMs: number;
}

export const DEADLINES: Deadlines = {
  handshakeMs: 10_000,
  headersMs: 20_000,
  idleMs: 15 * 60_000,
  keepAliveMs: 65_000,
  dialMs: 15_000,
  upstreamKeepAliveMs: 4_000,
  drainMs: 3_000,
};
