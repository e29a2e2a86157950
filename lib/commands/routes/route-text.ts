import type { RouteMatch } from '../../daemons/contract/egress/route-match.ts';
import type { Route } from '../../daemons/contract/egress/routes.ts';
import { inertLine } from '../../supervise/inert.ts';

/** One route as a line for a person, without who granted it. `left`: how many of its uses are left, if that is known. */
export function routeText(route: Route, left?: number): string {
  const { host, port, matches, auth, private: isPrivate } = route;
  const target = `${host}${port === undefined ? '' : `:${port}`}`;
  const what = matches === undefined ? 'any request' : matches.map(matchText).join(' or ');
  const more = [
    ...(auth === undefined ? [] : [`token ${auth.slot}`]),
    ...(isPrivate === true ? ['private addresses'] : []),
    ...endText(route, left),
  ];
  return [`${target}  ${what}`, ...more].join(', ');
}

function endText({ expires_at: expires, max_uses: uses }: Route, left?: number): string[] {
  if (expires !== undefined) return [`until ${expires}`];
  if (uses !== undefined && left !== undefined) return [`${left} of ${uses} uses left`];
  if (uses !== undefined) return [uses === 1 ? 'one use' : `${uses} uses`];
  return [];
}

function matchText({ paths, methods, headers }: RouteMatch): string {
  const where = paths?.map(({ type, value }) =>
    type === 'prefix' ? `below ${inertLine(value)}` : inertLine(value),
  );
  const parts = [
    methods?.join('/') ?? 'any method',
    ...(where === undefined ? [] : [where.join(' or ')]),
    ...(headers === undefined ? [] : ['with certain headers']),
  ];
  return parts.join(' ');
}
