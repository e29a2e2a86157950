import { canonicalTarget } from '../../contract/egress/canonical-path.ts';
import { headerOf } from '../../shared/raw-headers.ts';
import { withoutParameter } from '../http/query-parameter.ts';
import type { RequestFacts } from '../http/request-facts.ts';
import { gatedRepo, useGate } from './gated-repo.ts';
import { gitUse, pushDenial } from './git-request.ts';
import { methodAskedBy } from './handshake.ts';
import type { OpenConnection } from './open-connections.ts';
import { type Policy, type Rule, rulesFor } from './policy.ts';
import { type Admission, type Denial, deny } from './verdict.ts';

/** Inputs of a decision besides the request and the policy. */
export interface Circumstances {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** How often the grant of a rule has been used. */
  readonly uses: (rule: Rule) => number;
}

/** What a decision is based on besides the request. */
export interface Basis {
  readonly policy: Policy;
  readonly circumstances: Circumstances;
}

const ASK_OPERATOR = "Ask the operator to add the host under egress.routes of this bottle's manifest.";
const ASK_PERSON = 'Ask for it with the tool `allow` of the MCP server `supervise`.';

/** What the agent can do where a granted route would help. */
function askFor(operator: string, { supervised }: Policy): string {
  return supervised ? ASK_PERSON : operator;
}

export interface Destination {
  readonly host: string;
  readonly port: number;
  readonly transport: 'secure' | 'plain';
}

/** The routes of a destination, if they open it. Port and transport are the same for all routes of a host. */
function routesTo(
  { host, port, transport }: Destination,
  { policy }: Basis,
): readonly [Rule, ...Rule[]] | Denial {
  const [rule, ...more] = rulesFor(policy, host);
  if (rule === undefined) {
    const gated = policy.gated.filter((repo) => repo.host === host);
    const remedy = gated.length === 0 ? askFor(ASK_OPERATOR, policy) : useGate(...gated);
    return deny('host-unlisted', host, `No route of this bottle names the host ${host}.`, remedy);
  }
  if (transport === 'plain' && (rule.plainPort === undefined || rule.hostSlots.length > 0)) {
    const reason = `Requests to ${host} carry a token, which never travels in plain text.`;
    return deny('plaintext-refused', host, reason, `Use https://${host}/.`, rule);
  }
  const routePort = transport === 'plain' ? rule.plainPort : rule.securePort;
  if (port !== routePort && transport === 'plain' && port === rule.securePort) {
    const reason = `Port ${port} of ${host} is for HTTPS, and this was plain HTTP.`;
    const remedy = `Speak TLS inside the tunnel, or use http://${host}/.`;
    return deny('port-refused', host, reason, remedy, rule);
  }
  if (port !== routePort) {
    return deny('port-refused', host, `Port ${port} of ${host} is closed.`, `Use port ${routePort}.`, rule);
  }
  return [rule, ...more];
}

/** Whether any request may go there, as far as that is known before there is one. */
export function admitHost(to: Destination, basis: Basis): Admission | Denial {
  const rules = routesTo(to, basis);
  if ('allow' in rules) return rules;
  const { host, port } = to;
  const denials = rules.map((rule) => unusable(rule, host, basis));
  const open = denials.indexOf(undefined);
  const [first] = denials;
  if (open < 0 && first !== undefined) return first;
  return { allow: true, rule: rules[open] ?? rules[0], host, port, path: '', query: '', isLfsBatch: false };
}

/** Finds the route that decides about a request, and whether it admits it. Its path must be unambiguous. */
export function admitRequest(
  { facts, target }: { readonly facts: RequestFacts; readonly target: string },
  to: Destination,
  basis: Basis,
): Admission | Denial {
  const rules = routesTo(to, basis);
  if ('allow' in rules) return rules;
  const { host, port } = to;
  const canonical = canonicalTarget(target);
  if ('fault' in canonical) {
    const reason = `The path of the request can be read in more than one way: ${canonical.fault}.`;
    return deny('path-ambiguous', host, reason, 'Send the path in its plain form.', rules[0]);
  }
  const { path, query, sentPath } = canonical;
  const { rawHeaders } = facts;
  const method = methodAskedBy(facts);
  const routeFor = (readAs: string) =>
    decisive(
      rules.filter(({ matches }) => matches?.({ method, path: readAs, rawHeaders }) ?? true),
      basis,
    );
  const rule = routeFor(path);
  // For a server that decodes slashes, it would be under another route, with that route's credential and scan.
  const decoded = path.includes('%2F') ? routeFor(path.replaceAll('%2F', '/')) : undefined;
  if (rule !== undefined && decoded !== undefined && decoded !== rule) {
    const reason = 'With its encoded slashes decoded, the path of the request belongs to another route.';
    return deny('path-ambiguous', host, reason, 'Send the path with plain slashes.', rules[0]);
  }
  const candidates = rule === undefined ? rules : [rule];
  const types = `${headerOf(rawHeaders, 'content-type') ?? ''},${headerOf(rawHeaders, 'accept') ?? ''}`;
  const git = gitUse({ method: facts.method, path, query, types });
  const gated = git === undefined ? undefined : gatedRepo(basis.policy, host, path);
  if (git === 'push') return pushDenial(host, rule ?? rules[0], gated);
  if (git !== undefined && !candidates.some(({ gitFetch }) => gitFetch)) {
    const remedy =
      gated === undefined ? 'Ask the operator for `git: {fetch: true}` on this route.' : useGate(gated);
    const reason = `Clone and fetch are closed on ${host}.`;
    return deny('git-fetch-refused', host, reason, remedy, rule ?? rules[0]);
  }
  if (rule === undefined) {
    const which = rules.length === 1 ? 'The route of' : 'No route of';
    const does = rules.length === 1 ? 'does not let' : 'lets';
    const reason = `${which} ${host} ${does} out ${method} ${path.slice(0, 200)}.`;
    const remedy = askFor("Ask the operator to add it to the route's `matches`.", basis.policy);
    return deny('request-unmatched', host, reason, remedy, rules[0]);
  }
  const sent = rule.auth?.query === undefined ? query : withoutParameter(query, rule.auth.query);
  return (
    unusable(rule, host, basis) ?? {
      allow: true,
      rule,
      host,
      port,
      path,
      sentPath,
      query: sent,
      ...(git === 'lfs-batch' ? { isLfsBatch: true, gated } : { isLfsBatch: false }),
    }
  );
}

/** Whether policy admits a connection to this host and port, regardless of paths; if given, by the route `grant`. */
export function isOpen({ host, port, isTunnel, grant }: OpenConnection, basis: Basis): boolean {
  if (!admitHost({ host, port, transport: isTunnel ? 'secure' : 'plain' }, basis).allow) return false;
  if (grant === undefined) return true;
  const rule = rulesFor(basis.policy, host).find((one) => one.grant === grant);
  return rule !== undefined && unusable(rule, host, basis) === undefined;
}

/** Why a route cannot be used now, whatever the request. */
function unusable(rule: Rule, host: string, { policy, circumstances }: Basis): Denial | undefined {
  return missingToken(rule, host, policy) ?? grantDenial(rule, { policy, circumstances });
}

/** The first decides, but a person's grant that has ended leaves it to the next. */
function decisive(matching: readonly Rule[], basis: Basis): Rule | undefined {
  const hasEnded = (rule: Rule) => rule.source?.grant !== undefined && grantDenial(rule, basis);
  return matching.find((rule) => !hasEnded(rule)) ?? matching[0];
}

function grantDenial(rule: Rule, { policy, circumstances }: Basis): Denial | undefined {
  const { now, uses } = circumstances;
  const remedy = askFor('Ask the operator to grant it again.', policy);
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
