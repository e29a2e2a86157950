import { canonicalTarget } from '../../contract/egress/canonical-path.ts';
import { headerOf } from '../../shared/raw-headers.ts';
import { parseAuthority } from '../http/host-names.ts';
import { withoutParameter } from '../http/query-parameter.ts';
import type { ConnectFacts, Facts, RequestFacts } from '../http/request-facts.ts';
import { gitUse, pushDenial } from './git-request.ts';
import { handshakeDenial, methodAskedBy } from './handshake.ts';
import { checkHosts, mismatch, names } from './host-agreement.ts';
import { type Policy, type Rule, ruleFor } from './policy.ts';
import { checkForm } from './request-form.ts';
import { type Admission, type Denial, deny, FIX_CLIENT, type Verdict } from './verdict.ts';

/** Inputs of a decision besides the request and the policy. */
export interface Circumstances {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** How often the grant of a rule has been used. */
  readonly uses: (rule: Rule) => number;
}

const ASK_OPERATOR = "Ask the operator to add the host under egress.routes of this bottle's manifest.";

/** Decides about one CONNECT or request. Pure: the same arguments give the same verdict. */
export function decide(facts: Facts, policy: Policy, circumstances: Circumstances): Verdict {
  const verdict = facts.kind === 'connect' ? decideConnect(facts, policy) : decideRequest(facts, policy);
  return verdict.allow ? (grantDenial(verdict.rule, circumstances) ?? verdict) : verdict;
}

function decideRequest(facts: RequestFacts, policy: Policy): Verdict {
  const fault = checkForm(facts);
  if (fault !== undefined) return fault;
  const verdict = facts.kind === 'plain' ? decidePlain(facts, policy) : decideTunneled(facts, policy);
  return verdict.allow ? (handshakeDenial(facts, verdict) ?? verdict) : verdict;
}

function decideConnect(facts: ConnectFacts, policy: Policy): Verdict {
  const authority = parseAuthority(facts.target);
  if (authority?.port === undefined) return invalidHost();
  return admit(authority.host, authority.port, 'secure', policy);
}

function decidePlain(facts: RequestFacts & { kind: 'plain' }, policy: Policy): Verdict {
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
  return (
    checkHosts(facts, { host: authority.host, port }, 80) ??
    admitRequest({ facts, target: url.path }, { host: authority.host, port, transport: 'plain' }, policy)
  );
}

function decideTunneled(facts: RequestFacts & { kind: 'tunneled' }, policy: Policy): Verdict {
  const { tunnel, serverName } = facts;
  const isNamed = serverName === undefined || serverName === tunnel.host;
  if (!isNamed && parseAuthority(serverName)?.host !== tunnel.host) {
    return mismatch(tunnel.host, 'TLS server name');
  }
  const hostFault = checkHosts(facts, tunnel, 443);
  if (hostFault !== undefined) return hostFault;

  const to = { ...tunnel, transport: 'secure' } as const;
  if (facts.target.startsWith('/')) return admitRequest({ facts, target: facts.target }, to, policy);
  // A URL in `:path` is meaningless in HTTP/2, but would gain a meaning in HTTP/1.1.
  const isHttp2 = facts.pseudo !== undefined;
  const url = isHttp2 ? undefined : (splitUrl(facts.target, 'https') ?? splitUrl(facts.target, 'wss'));
  if (url === undefined) {
    return deny('target-invalid', tunnel.host, 'The request target is neither a path nor a URL.', FIX_CLIENT);
  }
  if (!names(url.authority, tunnel, 443)) return mismatch(tunnel.host, 'URL of the request');
  return admitRequest({ facts, target: url.path }, to, policy);
}

/** Checks that the host has a route, on this port, and that its token is available. */
function admit(
  host: string,
  port: number,
  transport: 'secure' | 'plain',
  policy: Policy,
): Admission | Denial {
  const rule = ruleFor(policy, host);
  if (rule === undefined) {
    return deny('host-unlisted', host, `No route of this bottle names the host ${host}.`, ASK_OPERATOR);
  }
  if (transport === 'plain' && (rule.plainPort === undefined || rule.auth !== undefined)) {
    const reason = `Requests to ${host} carry a token, which never travels in plain text.`;
    return deny('plaintext-refused', host, reason, `Use https://${host}/.`, rule);
  }
  const routePort = transport === 'plain' ? rule.plainPort : rule.securePort;
  if (port !== routePort) {
    return deny('port-refused', host, `Port ${port} of ${host} is closed.`, `Use port ${routePort}.`, rule);
  }
  return (
    missingToken(rule, host, policy) ?? {
      allow: true,
      rule,
      host,
      port,
      path: '',
      query: '',
      isLfsBatch: false,
    }
  );
}

/** The last step for every request: its path must be unambiguous, and its route must admit the request. */
function admitRequest(
  { facts, target }: { readonly facts: RequestFacts; readonly target: string },
  to: { readonly host: string; readonly port: number; readonly transport: 'secure' | 'plain' },
  policy: Policy,
): Admission | Denial {
  const admission = admit(to.host, to.port, to.transport, policy);
  if (!admission.allow) return admission;
  const { rule, host } = admission;
  const canonical = canonicalTarget(target);
  if ('fault' in canonical) {
    const reason = `The path of the request can be read in more than one way: ${canonical.fault}.`;
    return deny('path-ambiguous', host, reason, 'Send the path in its plain form.', rule);
  }
  const { path, query } = canonical;
  const { rawHeaders } = facts;
  const types = `${headerOf(rawHeaders, 'content-type') ?? ''},${headerOf(rawHeaders, 'accept') ?? ''}`;
  const git = gitUse({ method: facts.method, path, query, types });
  if (git === 'push') return pushDenial(host, rule);
  if (git !== undefined && !rule.gitFetch) {
    const remedy = 'Use the git gate, or ask the operator for `git: {fetch: true}` on this route.';
    return deny('git-fetch-refused', host, `Clone and fetch are closed on ${host}.`, remedy, rule);
  }
  const method = methodAskedBy(facts);
  if (rule.matches !== undefined && !rule.matches({ method, path, rawHeaders })) {
    const reason = `The route of ${host} does not let out ${method} ${path.slice(0, 200)}.`;
    const remedy = "Ask the operator to add it to the route's `matches`.";
    return deny('request-unmatched', host, reason, remedy, rule);
  }
  const { auth } = rule;
  const sent = auth?.query === undefined ? query : withoutParameter(query, auth.query);
  return { ...admission, path, query: sent, isLfsBatch: git === 'lfs-batch' };
}

/** Whether policy admits a connection to this host and port, regardless of paths. */
export function isOpen(
  host: string,
  port: number,
  isTunnel: boolean,
  policy: Policy,
  circumstances: Circumstances,
): boolean {
  const verdict = admit(host, port, isTunnel ? 'secure' : 'plain', policy);
  return verdict.allow && grantDenial(verdict.rule, circumstances) === undefined;
}

function grantDenial(rule: Rule, { now, uses }: Circumstances): Denial | undefined {
  const remedy = 'Ask the operator to grant it again.';
  if (rule.expiresAt !== undefined && now >= rule.expiresAt) {
    return deny('grant-expired', rule.host, `The grant for ${rule.host} has expired.`, remedy, rule);
  }
  if (rule.maxUses !== undefined && uses(rule) >= rule.maxUses) {
    return deny('grant-used-up', rule.host, `The grant for ${rule.host} is used up.`, remedy, rule);
  }
  return undefined;
}

function missingToken(rule: Rule, host: string, policy: Policy): Denial | undefined {
  if (rule.auth === undefined || policy.filledSlots.has(rule.auth.slot)) return undefined;
  const reason = `The route of ${rule.host} needs the token of slot ${rule.auth.slot}, which is empty.`;
  const remedy = 'Ask the operator to set the token and start the bottle again.';
  return deny('token-missing', host, reason, remedy, rule);
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
