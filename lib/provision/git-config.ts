import type { PlanRepo } from '../plan/git.ts';
import type { Plan } from '../plan/schema.ts';

/** What decides how a repository can be spelled. */
export type Upstream = Pick<PlanRepo, 'url' | 'scheme' | 'user' | 'host' | 'port' | 'path' | 'key'>;

/**
 * Returns the agent's git configuration: its author, and the gate's URL in place of those of the upstreams.
 * @param gate URL of the gate as the guest sees it; absent without repositories.
 */
export function gitConfig({ git, gitUser = {} }: Pick<Plan, 'git' | 'gitUser'>, gate?: string): string {
  const user = Object.entries(gitUser).flatMap(([key, value]): [string, string][] =>
    value === undefined ? [] : [[key, value]],
  );
  return [
    ...(user.length > 0 ? section('user', user) : []),
    ...(gate === undefined ? [] : gateSections(git, gate)),
    '',
  ].join('\n');
}

function gateSections(repos: Plan['git'], gate: string): string[] {
  return [
    // The gate asks for no password, and is not reached through egress.
    ...section('core', [['askPass', '']]),
    ...section(`http ${quoted(`${gate}/`)}`, [['proxy', '']]),
    ...repos.flatMap((repo) =>
      section(
        `url ${quoted(gateUrl(gate, repo))}`,
        spellings(repo).map((spelling): [string, string] => ['insteadOf', spelling]),
      ),
    ),
  ];
}

/** Returns the URL of a repository in the gate. */
export function gateUrl(gate: string, { name }: Pick<PlanRepo, 'name'>): string {
  return `${gate}/${name}.git`;
}

/**
 * Returns the ways to write a repository's URL that git replaces. They are prefixes: of those that fit, git takes the
 * longest. So they also catch `…/repo-docs`, for which the gate answers that it has no such repository.
 */
export function spellings(upstream: Upstream): string[] {
  const { url, scheme, host, port, path } = upstream;
  const name = host.includes(':') ? `[${host}]` : host;
  const bare = path.replace(/^\//, '').replace(/\.git$/, '');
  // The port is that of one scheme; the others then have their own.
  const placesOf = (other: 'ssh' | 'https') => (other === scheme ? [name, `${name}:${port}`] : [name]);
  const users = usersOf(upstream);
  const all = [
    ...placesOf('https').flatMap((place) => [
      `https://${place}/`,
      ...users.map((user) => `https://${user}@${place}/`),
    ]),
    `http://${name}/`,
    ...placesOf('ssh').flatMap((place) => [
      `ssh://${place}/`,
      ...users.map((user) => `ssh://${user}@${place}/`),
    ]),
    ...users.flatMap((user) => [`${user}@${name}:`, `${user}@${name}:/`]),
  ].map((beginning) => beginning + bare);
  // As the manifest has it: git compares without regard to what is a host.
  const written = url.replace(/\.git$/, '');
  const each = [...new Set([...all, written])];
  return each.flatMap((spelling) => [spelling, `${spelling}.git`]);
}

/** Whom URLs of the repository name: forges call everyone `git`. */
function usersOf({ scheme, user, key }: Upstream): string[] {
  if (scheme === 'ssh') return [user];
  const username = key.kind === 'token' ? key.username : undefined;
  return username === undefined ? ['git'] : ['git', encodeURIComponent(username)];
}

function section(name: string, values: readonly [key: string, value: string][]): string[] {
  return [`[${name}]`, ...values.map(([key, value]) => `\t${key} = ${quoted(value)}`)];
}

/** Neither URLs nor names have control characters: the manifest refuses them. */
function quoted(text: string): string {
  return `"${text.replaceAll(/[\\"]/g, '\\$&')}"`;
}
