import { canonicalTarget } from '../../daemons/contract/egress/canonical-path.ts';
import type { Denial, LearnedFile } from '../../daemons/contract/egress/learned.ts';
import { routeHost } from '../../manifest/schema/route-host.ts';
import { groupBy } from './generalize-paths.ts';
import { type PresentRoutes, proposeRoute, total } from './propose-route.ts';
import { type CommentedRoute, commentLines, routesYaml } from './routes-yaml.ts';

/** Advice about denials that no route can admit. */
const ADVICE: Readonly<Record<string, string>> = {
  'host-invalid': 'requests to addresses are always refused: use a DNS name',
  'git-push-refused': 'pushes must go through the git gate',
  'secret-found': 'the agent sent what looks like a secret',
  'token-missing': 'the token’s variable was empty',
  'plaintext-refused': 'tokens are never sent in plain text: use https',
};

/**
 * Returns the routes that would admit what was denied, as YAML for a bottle's frontmatter, to review.
 * Contains names of host variables, and nothing that egress withheld.
 */
export function proposalText(slug: string, learned: LearnedFile, present: PresentRoutes): string {
  const usable = learned.denials.filter(isUsable);
  const proposed: CommentedRoute[] = [];
  const others: string[] = [];
  for (const [host, denials] of [...groupBy(usable, (denial) => denial.host)].toSorted(byTotal)) {
    const { route, remarks } = proposeRoute(host, denials, present);
    if (route === undefined) others.push(...remarks);
    else proposed.push({ route, comment: commentLines([summary(denials), ...remarks]) });
  }
  others.push(...leftOut(learned, usable.length));
  const notes =
    others.length === 0
      ? ''
      : `${commentLines(['Not proposed:', ...others.map((text) => `- ${text}`)], '#')}\n`;
  if (proposed.length === 0) return `# ${slug} was denied nothing that a route could admit.\n${notes}`;
  return `${header(slug)}${routesYaml(proposed)}${notes}`;
}

function header(slug: string): string {
  return commentLines(
    [
      `Routes for what ${slug} was denied. Review each before you use it: the agent may have been misled.`,
      "They go under `egress` in the bottle's frontmatter, one entry per host.",
    ],
    '#',
  ).concat('\n');
}

/** Rejects what a manifest cannot contain, since the file comes from the bundle and may be forged. */
function isUsable({ host, method, path }: Denial): boolean {
  if (!routeHost.safeParse(host).success || !/^[A-Z][A-Z-]{0,31}$/.test(method)) return false;
  if (path === null) return true;
  const canonical = canonicalTarget(path);
  return !('fault' in canonical) && canonical.path === path;
}

function summary(denials: readonly Denial[]): string {
  const reasons = [...new Set(denials.map(({ reason }) => reason))].join(', ');
  const first = denials.map((denial) => denial.first).toSorted()[0];
  const last = denials
    .map((denial) => denial.last)
    .toSorted()
    .at(-1);
  return `${total(denials)} denied (${reasons}), from ${first} to ${last}.`;
}

function leftOut({ denials, unlearnable, withheld, beyond }: LearnedFile, usable: number): string[] {
  const counted = Object.entries(unlearnable)
    .filter(([reason]) => /^[a-z-]{1,64}$/.test(reason))
    .map(
      ([reason, count]) => `${count} × ${reason}${ADVICE[reason] === undefined ? '' : `: ${ADVICE[reason]}`}`,
    );
  return [
    ...counted,
    ...(withheld === 0 ? [] : [`${withheld} whose path or host contained what looks like a secret`]),
    ...(beyond === 0 ? [] : [`${beyond} of other kinds, for which there was no room`]),
    ...(usable === denials.length ? [] : [`${denials.length - usable} that cannot be written in a manifest`]),
  ];
}

function byTotal(one: [string, Denial[]], other: [string, Denial[]]): number {
  return total(other[1]) - total(one[1]) || (one[0] < other[0] ? -1 : 1);
}
