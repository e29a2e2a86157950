import { type Authority, parseAuthority } from '../http/host-names.ts';
import type { RequestFacts } from '../http/request-facts.ts';
import { type Denial, deny, FIX_CLIENT } from './verdict.ts';

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Checks that `Host` and, on HTTP/2, `:authority` and `:scheme` all name the endpoint of the request. */
export function checkHosts(facts: RequestFacts, expected: Endpoint, defaultPort: number): Denial | undefined {
  const pseudo = facts.kind === 'tunneled' ? facts.pseudo : undefined;
  const [header, ...more] = facts.hostHeaders;
  if (more.length > 0 || (header === undefined && pseudo?.authority === undefined)) {
    return deny('host-header-invalid', expected.host, 'A request needs exactly one Host header.', FIX_CLIENT);
  }
  if (pseudo !== undefined && pseudo.scheme !== 'https') return mismatch(expected.host, ':scheme');
  if (pseudo?.authority !== undefined && !names(pseudo.authority, expected, defaultPort)) {
    return mismatch(expected.host, ':authority');
  }
  // Both are checked: a server behind the upstream might go by either.
  if (header !== undefined && !names(header, expected, defaultPort)) {
    return mismatch(expected.host, 'Host header');
  }
  return undefined;
}

/** Whether `host` or `host:port` is this endpoint. */
export function names(text: string, expected: Endpoint, defaultPort: number): boolean {
  // The spelling of nearly every client.
  if (text === expected.host) return expected.port === defaultPort;
  if (text === `${expected.host}:${expected.port}`) return true;
  const authority: Authority | undefined = parseAuthority(text);
  return authority?.host === expected.host && (authority.port ?? defaultPort) === expected.port;
}

export function mismatch(host: string, what: string): Denial {
  const reason = `The ${what} names another endpoint than the connection, which was opened for ${host}.`;
  return deny('host-mismatch', host, reason, 'Open a connection of its own for each host.');
}
