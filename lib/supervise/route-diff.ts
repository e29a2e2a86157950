import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import type { Route } from '../daemons/contract/egress/routes.ts';
import { inertLine } from './inert.ts';

/** What becomes of the routes of a host, as lines of a diff: each begins with `+ `, `- ` or two spaces. */
export function routeDiff(before: readonly Route[], after: readonly Route[]): string[] {
  const isIn = (route: Route, routes: readonly Route[]) =>
    routes.some((other) => isDeepStrictEqual(other, route));
  const marked = (mark: string, routes: readonly Route[]) =>
    routes.flatMap(routeLines).map((line) => `${mark} ${line}`);
  return [
    ...marked(
      '-',
      before.filter((route) => !isIn(route, after)),
    ),
    ...after.flatMap((route) => marked(isIn(route, before) ? ' ' : '+', [route])),
  ];
}

/** A route as YAML, a field a line. */
function routeLines(route: Route): string[] {
  return Object.entries(route).map(([name, value], index) => {
    const text = stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: false });
    return `${index === 0 ? '- ' : '  '}${name}: ${inertLine(text.trim())}`;
  });
}
