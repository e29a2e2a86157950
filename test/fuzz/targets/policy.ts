import { routesFile } from '../../../lib/daemons/contract/egress/routes.ts';
import { buildPolicy } from '../../../lib/daemons/egress/policy/policy.ts';

/** Lets out one host below the prefix `/v1`, and all hosts of one zone. */
export const policy = buildPolicy(
  routesFile.parse({
    version: 1,
    routes: [
      { host: 'a.example.com', matches: [{ paths: [{ type: 'prefix', value: '/v1' }] }] },
      { host: '*.example.org' },
    ],
  }),
  new Set(),
);

/** Circumstances without grants: no time has passed, nothing was used. */
export const calm = { now: 0, uses: () => 0 };
