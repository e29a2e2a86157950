import { decide } from '../../../lib/daemons/egress/policy/decide.ts';
import { claim } from '../claim.ts';
import { HOST_PARTS, PATH_PARTS } from './parts.ts';
import { calm, policy } from './policy.ts';
import type { Target } from './target.ts';

/** Any request head gets a verdict, and is admitted only for the tunnel's host and below the prefix. */
export const head: Target = (random) => {
  const host = random.text(HOST_PARTS, 3);
  const verdict = decide(
    {
      kind: 'tunneled',
      method: random.pick(['GET', 'TRACE', 'get', '']),
      target: `${random.pick(['/', 'https://a.example.com', '//', '*', 'http://'])}${random.text(PATH_PARTS, 6)}`,
      hostHeaders: [host],
      rawHeaders: ['Host', host],
      upgrade: '',
      version: '1.1',
      tunnel: { host: 'a.example.com', port: 443 },
      serverName: random.pick([undefined, 'a.example.com', host]),
    },
    policy,
    calm,
  );
  if (!verdict.allow) return;
  claim(/^a\.example\.com\.?(:0*443)?$/i.test(host), `fronted: ${JSON.stringify(host)}`);
  claim(/^\/v1(\/|$)/.test(verdict.path), `out of the prefix: ${verdict.path}`);
};
