import {
  type AllowlistReply,
  INTROSPECTION_HOST,
  type WhyReply,
} from '../../contract/egress/introspection.ts';
import { parseAuthority } from '../http/host-names.ts';
import type { LocalResponse } from '../http/local-response.ts';
import { INTROSPECTION_REASON } from '../http/reasons.ts';
import type { RequestFacts } from '../http/request-facts.ts';
import type { Circumstances } from './admit.ts';
import { decide } from './decide.ts';
import { allRules, type Policy } from './policy.ts';

/** URLs under which agents query egress itself. */
const INTROSPECTION_URL = new RegExp(
  `^http://${INTROSPECTION_HOST.replaceAll('.', '\\.')}(?::80)?(/[^#]*)?$`,
  'i',
);

export interface Introspected {
  readonly policy: Policy;
  readonly generation: number;
  readonly circumstances: Circumstances;
}

/** The response to a request for `_egress.local`; `undefined` for requests to other hosts. */
export function introspect(
  facts: RequestFacts,
  judge: { readonly state: Introspected },
): LocalResponse | undefined {
  if (facts.kind !== 'plain') return undefined;
  const match = INTROSPECTION_URL.exec(facts.target);
  if (match === null) return undefined;
  const { state } = judge;
  const url = new URL(match[1] ?? '/', 'http://egress.invalid');
  if (facts.method !== 'GET') return json(405, { error: 'only GET is answered here' });
  if (url.pathname === '/allowlist') return json(200, allowlist(state));
  const targetUrl = url.searchParams.get('url');
  if (url.pathname === '/why' && targetUrl !== null) {
    return json(200, why(targetUrl, url.searchParams.get('method') ?? 'GET', state));
  }
  return json(404, { error: 'ask for /allowlist, or /why?url=URL&method=METHOD' });
}

/** The routes in force, with the keys of the routes file. Slots appear by name, never by value. */
function allowlist({ policy, generation }: Introspected): AllowlistReply {
  return {
    generation,
    routes: allRules(policy).flatMap(({ source }) => (source === undefined ? [] : [source])),
  };
}

/** The decision about a request for this URL, without scanning, which would need the content. */
function why(text: string, method: string, { policy, circumstances }: Introspected): WhyReply {
  const match = /^(https?):\/\/([^/?#\\]+)([/?][^#]*)?$/i.exec(text);
  const secure = match?.[1]?.toLowerCase() === 'https';
  const authority = parseAuthority(match?.[2] ?? '');
  const host = authority?.host ?? match?.[2] ?? text.slice(0, 253);
  const port = authority?.port ?? (secure ? 443 : 80);
  const opened = secure
    ? decide({ kind: 'connect', target: `${host}:${port}` }, policy, circumstances)
    : undefined;
  const common = { method, hostHeaders: [`${host}:${port}`], rawHeaders: [], upgrade: '', version: '1.1' };
  const rest = match?.[3] ?? '/';
  const target = rest.startsWith('/') ? rest : `/${rest}`;
  const facts: RequestFacts = secure
    ? { kind: 'tunneled', ...common, target, tunnel: { host, port }, serverName: host }
    : { kind: 'plain', ...common, target: text };
  const verdict = opened?.allow === false ? opened : decide(facts, policy, circumstances);
  if (verdict.allow) return { allowed: true, rule: verdict.rule.host };
  const { code, rule, reason, remedy } = verdict;
  return { allowed: false, code, rule, reason, ask: remedy };
}

function json(status: number, value: unknown): LocalResponse {
  return { status, code: INTROSPECTION_REASON, type: 'application/json', text: `${JSON.stringify(value)}\n` };
}
