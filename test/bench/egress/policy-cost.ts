// Measures one decision under a policy of 1,000 routes, in this process. Prints microseconds as JSON.
import { decide } from '../../../lib/daemons/egress/policy/decide.ts';
import { buildPolicy } from '../../../lib/daemons/egress/policy/policy.ts';
import { parseRoutes } from '../../../lib/daemons/egress/policy/routes-source.ts';
import { manyRoutes } from './many-routes.ts';

const text = JSON.stringify({ version: 1, routes: manyRoutes(1000) });
const policy = buildPolicy(parseRoutes(text, 'routes.yaml'), new Set());
const circumstances = { now: Date.now(), uses: () => 0 };
const ROUNDS = 50_000;

function judge(index: number): boolean {
  const host = index % 3 === 0 ? `deep.name.of.zone-${index % 1000}.test` : `host-${index % 1000}.test`;
  const verdict = decide(
    {
      kind: 'tunneled',
      method: 'POST',
      target: `/v1/projects/${index}/items?page=2`,
      hostHeaders: [host],
      rawHeaders: [
        'Host',
        host,
        'Accept',
        '*/*',
        'Content-Type',
        'application/json',
        'Content-Length',
        '240',
      ],
      upgrade: '',
      version: '1.1',
      tunnel: { host, port: 443 },
      serverName: host,
    },
    policy,
    circumstances,
  );
  return verdict.allow;
}

let allowed = 0;
for (let index = 0; index < ROUNDS; index += 1) if (judge(index)) allowed += 1;
if (allowed === 0 || allowed === ROUNDS)
  throw new Error('the requests of the bench do not tell routes apart');
const start = performance.now();
for (let index = 0; index < ROUNDS; index += 1) judge(index);
console.log(JSON.stringify({ decisionMicroseconds: ((performance.now() - start) * 1000) / ROUNDS }));
