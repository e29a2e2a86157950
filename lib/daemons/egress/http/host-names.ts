import { HOST_PATTERN } from '../../contract/egress/routes.ts';

export interface Authority {
  /** Normalized, see `normalizeHost`. */
  readonly host: string;
  /** Absent when the text has no port. */
  readonly port: number | undefined;
}

/**
 * Normalizes a DNS name to the one spelling that policy is matched with: lower case, no trailing dot.
 * Anything that is not a plain ASCII DNS name (addresses, percent-encoding, raw IDN, an empty label) gives
 * `undefined` and is never repaired.
 */
export function normalizeHost(text: string): string | undefined {
  // Some Unicode letters lower-case into ASCII (the Kelvin sign). They must not become a listed name.
  if (!/^[\x21-\x7e]{1,254}$/.test(text)) return undefined;
  const host = text.toLowerCase().replace(/\.$/, '');
  // Resolvers read a name that ends in a number, even a hexadecimal one, as an IPv4 address.
  if (/(^|\.)(0x[0-9a-f]*|[0-9]+)$/.test(host)) return undefined;
  return host.length <= 253 && HOST_PATTERN.test(host) ? host : undefined;
}

/**
 * Parses `host` or `host:port`; `undefined` for user info, brackets, an empty or invalid port, and bad hosts.
 */
export function parseAuthority(text: string): Authority | undefined {
  const match = /^([^:]+)(?::([0-9]{1,5}))?$/.exec(text);
  const host = normalizeHost(match?.[1] ?? '');
  if (match === null || host === undefined) return undefined;
  if (match[2] === undefined) return { host, port: undefined };
  const port = Number(match[2]);
  return port >= 1 && port <= 65535 ? { host, port } : undefined;
}
