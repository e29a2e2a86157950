import { stringify } from 'yaml';
import type { Route } from '../daemons/contract/egress/routes.ts';
import type { GrantLimit, SuperviseRequest } from '../daemons/contract/supervise/request.ts';
import { inertLine } from './inert.ts';

/**
 * What approving a request changes in the routes in force, as lines of a diff: the routes that its host has already, and
 * the one that is added. Empty for what changes no route. An end is told from `decided` (milliseconds since 1970), or
 * else in seconds.
 */
export function routeDiff(
  routes: readonly Route[],
  request: SuperviseRequest,
  limit: GrantLimit | undefined,
  decided?: number,
): string[] {
  if (request.kind !== 'allow') return [];
  const before = routes.filter(({ host }) => host === request.host).flatMap(routeLines);
  const { host, port, methods, pathPrefix } = request;
  const match = {
    ...(methods === undefined ? {} : { methods }),
    ...(pathPrefix === undefined ? {} : { paths: [{ type: 'prefix', value: pathPrefix }] }),
  };
  const added = {
    host,
    ...(port === undefined ? {} : { port }),
    ...(Object.keys(match).length === 0 ? {} : { matches: [match] }),
    ...endOf(limit, decided),
  };
  return [...before.map((line) => `  ${line}`), ...routeLines(added).map((line) => `+ ${line}`)];
}

function endOf(limit: GrantLimit | undefined, decided: number | undefined): Record<string, unknown> {
  if (limit === undefined) return {};
  if ('uses' in limit) return { max_uses: limit.uses };
  if (decided === undefined) return { expires_at: `${limit.seconds} s after the approval` };
  return { expires_at: new Date(decided + limit.seconds * 1000).toISOString() };
}

/** A route as YAML, a field a line. */
function routeLines(route: object): string[] {
  return Object.entries(route).map(([name, value], index) => {
    const text = stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: false });
    return `${index === 0 ? '- ' : '  '}${name}: ${inertLine(text.trim())}`;
  });
}
