import { Document, isMap } from 'yaml';
import { canonicalTarget } from '../../daemons/contract/egress/canonical-path.ts';
import type { Denial, LearnedFile } from '../../daemons/contract/egress/learned.ts';
import { egress } from '../../manifest/schema/egress.ts';
import { routeHost } from '../../manifest/schema/route-host.ts';
import { groupBy } from './generalize-paths.ts';
import type { WrittenRoute } from './manifest-route.ts';
import { type PresentRoutes, proposeRoute, total } from './propose-route.ts';

/** What to do about denials that no route could admit. */
const ADVICE: Readonly<Record<string, string>> = {
  'host-invalid': 'addresses are never let out: use a DNS name',
  'git-push-refused': 'pushes go through the git gate',
  'secret-found': 'the agent sent what looks like a secret',
  'token-missing': 'the variable of a token was empty',
  'plaintext-refused': 'a token never travels in plain text: use https',
};

interface Commented {
  readonly route: WrittenRoute;
  readonly comment: string;
}

/**
 * The routes that would admit what was denied, as YAML for the frontmatter of a bottle, for a person to review. Holds
 * names of host variables, and nothing that egress withheld.
 */
export function proposalText(slug: string, learned: LearnedFile, present: PresentRoutes): string {
  const usable = learned.denials.filter(isUsable);
  const proposed: Commented[] = [];
  const others: string[] = [];
  for (const [host, denials] of [...groupBy(usable, (denial) => denial.host)].toSorted(byTotal)) {
    const { route, remarks } = proposeRoute(host, denials, present);
    if (route === undefined) others.push(...remarks);
    else proposed.push({ route, comment: comment([summary(denials), ...remarks]) });
  }
  others.push(...leftOut(learned, usable.length));
  const notes =
    others.length === 0 ? '' : `${comment(['Not proposed:', ...others.map((text) => `- ${text}`)], '#')}\n`;
  if (proposed.length === 0) return `# ${slug} was denied nothing that a route could admit.\n${notes}`;
  return `${header(slug)}${yamlOf(proposed)}${notes}`;
}

function header(slug: string): string {
  return comment(
    [
      `What ${slug} was denied, as routes. Review each before you take it over: what asked for it may have been misled.`,
      "They go under `egress` of the bottle's frontmatter, one entry a host.",
    ],
    '#',
  ).concat('\n');
}

function yamlOf(proposed: readonly Commented[]): string {
  const document = new Document({ egress: { routes: proposed.map(({ route }) => route) } });
  for (const [index, { comment: text }] of proposed.entries()) {
    const node = document.getIn(['egress', 'routes', index]);
    if (isMap(node)) node.commentBefore = text;
  }
  // What a person pastes must load: better no text than one that does not.
  egress.parse(document.toJS().egress);
  return document.toString({ lineWidth: 0 });
}

/** The file comes from the bundle: what could not stand in a manifest is not taken for what was asked. */
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
    ...(withheld === 0 ? [] : [`${withheld} whose path or host held what looks like a secret`]),
    ...(beyond === 0 ? [] : [`${beyond} of further kinds, for which there was no room`]),
    ...(usable === denials.length ? [] : [`${denials.length - usable} that no manifest could name`]),
  ];
}

function byTotal(one: [string, Denial[]], other: [string, Denial[]]): number {
  return total(other[1]) - total(one[1]) || (one[0] < other[0] ? -1 : 1);
}

/** `commentBefore` of a YAML node has no `#` of its own. */
function comment(lines: readonly string[], mark = ''): string {
  return lines.map((text) => `${mark} ${text}`).join('\n');
}
