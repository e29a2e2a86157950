import { routesFile } from '../../../lib/daemons/contract/egress/routes.ts';
import { SELFTEST_NONCE_ENV } from '../../../lib/daemons/contract/selftest/selftest.ts';
import type { RequestFacts } from '../../../lib/daemons/egress/http/request-facts.ts';
import type { Circumstances } from '../../../lib/daemons/egress/policy/admit.ts';
import { decide } from '../../../lib/daemons/egress/policy/decide.ts';
import { buildPolicy } from '../../../lib/daemons/egress/policy/policy.ts';

const file = routesFile.parse({
  version: 1,
  routes: [
    { host: 'api.example.com', auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' } },
    { host: 'open.example.com' },
    { host: 'odd.example.com', port: 8443 },
    { host: 'empty.example.com', auth: { scheme: 'token', slot: 'EGRESS_TOKEN_1' } },
  ],
});
export const policy = buildPolicy(file, new Set(['EGRESS_TOKEN_0', SELFTEST_NONCE_ENV]));

/** Circumstances in which no grant has expired or been used up. */
export const calm: Circumstances = { now: 0, uses: () => 0 };

export const connect = (target: string, hostHeaders: readonly string[] = []) =>
  decide({ kind: 'connect', target, hostHeaders }, policy, calm);
export const codeOf = (verdict: ReturnType<typeof decide>) => (verdict.allow ? 'allowed' : verdict.code);

type Tunneled = Extract<RequestFacts, { kind: 'tunneled' }>;

export const inside = (changes: Partial<Tunneled> = {}) => {
  const facts: Tunneled = {
    kind: 'tunneled',
    method: 'GET',
    target: '/v1/things?x=1',
    hostHeaders: ['api.example.com'],
    rawHeaders: [],
    upgrade: '',
    version: '1.1',
    tunnel: { host: 'api.example.com', port: 443 },
    serverName: 'api.example.com',
    ...changes,
  };
  return decide(facts, policy, calm);
};

export const plain = (target: string, changes: { hostHeaders?: string[] } = {}) =>
  decide(
    {
      kind: 'plain',
      method: 'GET',
      target,
      hostHeaders: changes.hostHeaders ?? [/^http:\/\/([^/?]*)/i.exec(target)?.[1] ?? ''],
      rawHeaders: [],
      upgrade: '',
      version: '1.1',
    },
    policy,
    calm,
  );
