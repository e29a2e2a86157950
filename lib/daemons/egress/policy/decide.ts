import { parseAuthority } from '../http/host-names.ts';
import type { ConnectFacts, Facts, RequestFacts } from '../http/request-facts.ts';
import { admitHost, admitRequest, type Basis, type Circumstances } from './admit.ts';
import { handshakeDenial } from './handshake.ts';
import { checkConnectHost, checkHosts, mismatch, names } from './host-agreement.ts';
import type { Policy } from './policy.ts';
import { checkForm } from './request-form.ts';
import { type Denial, deny, FIX_CLIENT, type Verdict } from './verdict.ts';

/** Decides about one CONNECT or request. Pure: the same arguments give the same verdict. */
export function decide(facts: Facts, policy: Policy, circumstances: Circumstances): Verdict {
  const basis = { policy, circumstances };
  return facts.kind === 'connect' ? decideConnect(facts, basis) : decideRequest(facts, basis);
}

function decideRequest(facts: RequestFacts, basis: Basis): Verdict {
  const fault = checkForm(facts);
  if (fault !== undefined) return fault;
  const verdict = facts.kind === 'plain' ? decidePlain(facts, basis) : decideTunneled(facts, basis);
  return verdict.allow ? (handshakeDenial(facts, verdict) ?? verdict) : verdict;
}

/** Admitted if some route of the host may be used: which one decides only shows with the request. */
function decideConnect(facts: ConnectFacts, basis: Basis): Verdict {
  const authority = parseAuthority(facts.target);
  if (authority?.port === undefined) return invalidHost();
  const { host, port } = authority;
  const fault = checkConnectHost(facts.hostHeaders ?? [], { host, port });
  if (fault !== undefined) return fault;
  const secure = admitHost({ host, port, transport: 'secure' }, basis);
  if (secure.allow || secure.code !== 'port-refused') return secure;
  // Some clients open tunnels for plain HTTP too.
  const plain = admitHost({ host, port, transport: 'plain' }, basis);
  return plain.allow ? plain : secure;
}

function decidePlain(facts: RequestFacts & { kind: 'plain' }, basis: Basis): Verdict {
  if (/^https:/i.test(facts.target)) {
    const remedy = 'Send CONNECT host:443 to this proxy and speak TLS inside.';
    return deny('target-invalid', null, 'An https:// URL cannot be sent to the proxy as plain HTTP.', remedy);
  }
  const url = splitUrl(facts.target, 'http') ?? splitUrl(facts.target, 'ws');
  if (url === undefined) {
    const remedy = 'Use it as HTTP_PROXY/HTTPS_PROXY: absolute http:// URLs, and CONNECT for https.';
    return deny('target-invalid', null, 'This port is a proxy, not a web server.', remedy);
  }
  const authority = parseAuthority(url.authority);
  if (authority === undefined) return invalidHost();
  const port = authority.port ?? 80;
  const { tunnel } = facts;
  if (tunnel !== undefined && (authority.host !== tunnel.host || port !== tunnel.port)) {
    return mismatch(tunnel.host, 'URL of the request');
  }
  return (
    checkHosts(facts, { host: authority.host, port }, 80) ??
    admitRequest({ facts, target: url.path }, { host: authority.host, port, transport: 'plain' }, basis)
  );
}

function decideTunneled(facts: RequestFacts & { kind: 'tunneled' }, basis: Basis): Verdict {
  const { tunnel, serverName } = facts;
  const isNamed = serverName === undefined || serverName === tunnel.host;
  if (!isNamed && parseAuthority(serverName)?.host !== tunnel.host) {
    return mismatch(tunnel.host, 'TLS server name');
  }
  const hostFault = checkHosts(facts, tunnel, 443);
  if (hostFault !== undefined) return hostFault;

  const to = { ...tunnel, transport: 'secure' } as const;
  if (facts.target.startsWith('/')) return admitRequest({ facts, target: facts.target }, to, basis);
  // A URL in `:path` is meaningless in HTTP/2, but would gain a meaning in HTTP/1.1.
  const isHttp2 = facts.pseudo !== undefined;
  const url = isHttp2 ? undefined : (splitUrl(facts.target, 'https') ?? splitUrl(facts.target, 'wss'));
  if (url === undefined) {
    return deny('target-invalid', tunnel.host, 'The request target is neither a path nor a URL.', FIX_CLIENT);
  }
  if (!names(url.authority, tunnel, 443)) return mismatch(tunnel.host, 'URL of the request');
  return admitRequest({ facts, target: url.path }, to, basis);
}

function invalidHost(): Denial {
  const reason = 'The target is no DNS name with a valid port; addresses are never let out.';
  return deny('host-invalid', null, reason, 'Use the DNS name of a host that this bottle has a route for.');
}

/** Splits an absolute URL without repairing it: what a URL parser would normalize away is refused later. */
function splitUrl(
  target: string,
  scheme: 'http' | 'https' | 'ws' | 'wss',
): { authority: string; path: string } | undefined {
  const match = /^([a-z]+):\/\/([^/?#\\]*)([/?][^\\]*)?$/i.exec(target);
  if (match?.[1]?.toLowerCase() !== scheme) return undefined;
  const rest = match[3] ?? '/';
  return { authority: match[2] ?? '', path: rest.startsWith('/') ? rest : `/${rest}` };
}
