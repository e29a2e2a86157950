import type { PolicyChange } from '../../supervise/grant.ts';
import { routeText } from '../routes/route-text.ts';

/** What an approval changes for the host, as lines: `+` is new, and what has no mark stays. */
export function changeText({ before, after, conflict }: PolicyChange): string {
  if (conflict !== undefined) return `cannot be granted: ${conflict}`;
  const known = new Set(before.map((route) => JSON.stringify(route)));
  return after
    .map((route) => `${known.has(JSON.stringify(route)) ? '   ' : ' + '}${routeText(route)}`)
    .join('\n');
}
