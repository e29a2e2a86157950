import type { Route } from '../../../lib/daemons/contract/egress/routes.ts';

/**
 * Makes this many routes like those of a large allowlist: exact hosts, zones, and conditions of every kind.
 */
export function manyRoutes(count: number): Route[] {
  return Array.from({ length: count }, (_, index): Route => {
    const host = index % 3 === 0 ? `*.zone-${index}.test` : `host-${index}.test`;
    if (index % 2 === 0) return { host };
    const regex = { type: 'regex', value: `/v[0-9]+/projects/[a-z0-9-]+/items-${index % 7}.*` } as const;
    const paths = index % 5 === 0 ? regex : ({ type: 'prefix', value: '/v1/projects' } as const);
    return {
      host,
      matches: [{ paths: [paths], methods: ['GET', 'POST'] }],
      dlp: { outbound_on_match: 'block' },
    };
  });
}
