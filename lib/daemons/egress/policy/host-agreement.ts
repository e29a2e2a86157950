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

/** This proxy, as it is addressed by some clients (Node’s `http.request`) in the `Host` of a CONNECT. */
const OWN_ADDRESS = /^(?:127(?:\.[0-9]{1,3}){3}|localhost)(?::[0-9]{1,5})?$/;

/** Checks the `Host` of a CONNECT: none, or one that names the tunnel's endpoint (RFC 9112, 3.2.3), or this proxy. */
export function checkConnectHost(headers: readonly string[], expected: Endpoint): Denial | undefined {
  const [header, ...more] = headers;
  if (header === undefined) return undefined;
  if (more.length > 0)
    return deny('host-header-invalid', expected.host, 'A CONNECT has at most one Host header.', FIX_CLIENT);
  // Some clients leave out the port, whichever it is.
  const isAgreed = names(header, expected, expected.port) || OWN_ADDRESS.test(header);
  return isAgreed ? undefined : mismatch(expected.host, 'Host header');
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
