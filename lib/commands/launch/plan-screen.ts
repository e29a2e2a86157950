import { printable } from '../../host/printable.ts';
import { shortPath } from '../../host/short-path.ts';
import { sizeText } from '../../host/size.ts';
import { isChained } from '../../plan/agent-facing.ts';
import { credentialText, providerCredentialText } from '../../plan/credential-text.ts';
import { keyText, pushText } from '../../plan/git.ts';
import type { Plan } from '../../plan/schema.ts';
import { commandLine } from '../../providers/command-line.ts';
import { columns } from '../../terminal/output.ts';

/**
 * Formats what a bottle may reach and hold, for the operator, in a terminal of `width` columns. Shows names
 * of variables, never their values.
 */
export function planScreen(plan: Plan, width?: number): string {
  const { agent, provider, smolvm } = plan;
  // Bottle names never contain a `+`.
  const bottles = plan.bottle.name.split('+');
  const rows = [
    ...list('agent', [`${agent.name}  ${place(plan)}`]),
    ...list(bottles.length > 1 ? 'bottles' : 'bottle', [bottles.join(', then ')]),
    ...list('image', [imageOf(plan)]),
    ...some('adds', (plan.capabilities ?? []).flatMap(addedBy)),
    ...list('runs', [`${runs(provider)}  (${provider.template}, as ${provider.user ?? 'the image’s user'})`]),
    ...some('signs in', credentialOf(plan)),
    ...list('guest', [`smolvm ${smolvm.version.join('.')}${smolvm.fake ? ', the kit’s fake' : ''}`]),
    ...list('works on', workspaceOf(plan), 'its image alone: it gets no copy of your files'),
    ...list('env', environmentOf(plan)),
    ...some(
      'mcp',
      Object.entries(provider.mcpServers).map(([name, url]) => `${name}  ${url}`),
    ),
    ...list('skills', plan.skills.length === 0 ? [] : [plan.skills.join(', ')]),
    ...list(
      'git',
      plan.git.map((repo) => {
        const how = [pushText(repo.push), keyText(repo)].filter((text) => text !== '').join('; ');
        return `${repo.name} -> ${repo.host}:${repo.port}  ${how}`;
      }),
    ),
    ...some('commits as', plan.gitUser === undefined ? [] : [authorOf(plan.gitUser)]),
    ...list('routes', routesOf(plan), 'none: nothing outside the bottle can be reached'),
    ...some('hop', plan.daemons.includes('pipelock') ? [hopOf(plan)] : []),
    ...some('terminal', plan.terminal?.clipboard ? ['may write to your clipboard'] : []),
    ...some('asks', plan.superviseMode === 'deny' ? ['nobody: what it asks for is refused at once'] : []),
    ...some('learns', plan.egress.learn ? ['what is denied, for `make learn`'] : []),
  ];
  return columns(
    rows.map(([key, value]) => [`  ${key}`, printable(value)]),
    { width },
  );
}

function authorOf({ name, email }: NonNullable<Plan['gitUser']>): string {
  return [...(name === undefined ? [] : [name]), ...(email === undefined ? [] : [`<${email}>`])].join(' ');
}

function runs({ command }: Plan['provider']): string {
  return command.length === 0 ? 'the image’s own command' : commandLine(command);
}

function some(key: string, values: readonly string[]): [string, string][] {
  return values.length === 0 ? [] : list(key, values);
}

/** Puts the key only before its first value. */
function list(key: string, values: readonly string[], none = 'none'): [string, string][] {
  if (values.length === 0) return [[key, none]];
  return values.map((value, index) => [index === 0 ? key : '', value]);
}

const ORIGINS = {
  home: '',
  cwd: ', in the working directory',
  examples: ', one of the kit’s examples',
} as const;

function place({ agent }: Plan): string {
  return `(${shortPath(agent.file)}${ORIGINS[agent.origin]})`;
}

function imageOf({ image }: Plan): string {
  return image.kind === 'reference'
    ? image.reference
    : `${image.repository}, from ${shortPath(image.dockerfile)}`;
}

/** Lines of one approval that the screen shows. */
const SHOWN_LINES = 12;

function addedBy({ id, bottle, at, by, lines }: NonNullable<Plan['capabilities']>[number]): string[] {
  const all = lines.split('\n').filter((line) => line.trim() !== '');
  const more = all.length - SHOWN_LINES;
  return [
    `what ${bottle} asked for as ${id}, approved by ${by} on ${at.slice(0, 10)}, run as root with the network:`,
    ...all.slice(0, SHOWN_LINES).map((line) => `> ${line}`),
    ...(more > 0 ? [`and ${more} more lines: see \`make capabilities\``] : []),
  ];
}

function environmentOf({ environment: { literals, forwarded, files, prompted } }: Plan): string[] {
  const names = Object.keys(prompted);
  const taken = Object.entries(forwarded).filter(([name]) => prompted[name] === undefined);
  return [
    ...(Object.keys(literals).length > 0 ? [Object.keys(literals).join(', ')] : []),
    ...taken.map(([name, from]) => `${name}  (from this shell${from === name ? '' : `: ${from}`})`),
    ...[...Map.groupBy(Object.entries(files), ([, file]) => file)].map(
      ([file, entries]) => `${entries.map(([name]) => name).join(', ')}  (from ${shortPath(file)})`,
    ),
    ...names.map((name) => `${name}  (asked for at launch)`),
  ];
}

/** How many files the screen names. */
const NAMED = 8;

function workspaceOf({ workspace }: Plan): string[] {
  if (workspace === undefined) return [];
  const { kind, root, leftOut } = workspace;
  const rows =
    kind === 'repository'
      ? [
          `a copy of ${shortPath(root)}${workspace.branch === '' ? '' : ` (${workspace.branch})`}: ${workspace.changed} changed, ${workspace.untracked} untracked`,
          ...some('', workspace.submodules).map(([, path]) => `submodule ${path}`),
        ]
      : [
          `a copy of ${shortPath(root)}: ${workspace.files} files, ${sizeText(workspace.bytes)}; no git repository`,
        ];
  const secrets = leftOut.filter(({ reason }) => reason === 'secret').map(({ path }) => path);
  const others = leftOut.filter(({ reason }) => reason !== 'secret').map(({ path }) => path);
  const committed = kind === 'repository' ? workspace.committedSecrets : [];
  return [
    ...rows,
    ...naming('left out, since they look like secrets (CWD_SECRETS=1 takes them)', secrets),
    ...naming('left out, since they cannot be copied', others),
    ...naming('part of commits, and look like secrets', committed),
  ];
}

function naming(what: string, paths: readonly string[]): string[] {
  if (paths.length === 0) return [];
  const more = paths.length > NAMED ? `, and ${paths.length - NAMED} more` : '';
  return [`${what}: ${paths.slice(0, NAMED).join(', ')}${more}`];
}

function credentialOf({ provider: { credential } }: Plan): string[] {
  return credential === undefined ? [] : [providerCredentialText(credential)];
}

function hopOf(plan: Plan): string {
  return isChained(plan) ? 'pipelock, behind egress: it sees tokens too' : 'pipelock, in place of egress';
}

/** What tells a route from others of its host. */
function scopeOf(matches: Plan['egress']['routes'][number]['matches']): string {
  if (matches === undefined) return 'the rest';
  return matches
    .flatMap(
      ({ paths, methods = [] }) => paths?.map(({ value }) => value) ?? [methods.join('/') || 'headers'],
    )
    .join(', ');
}

function routesOf({ egress }: Plan): string[] {
  const routesOfHost = Map.groupBy(egress.routes, ({ host }) => host);
  return egress.routes.map(({ host, port, auth, owner, matches, private: isPrivate }) => {
    const marks = [
      (routesOfHost.get(host)?.length ?? 0) > 1 && `for:${scopeOf(matches)}`,
      auth && `auth:${credentialText(auth)}`,
      isPrivate && 'private',
      owner === 'provider' && owner,
    ].filter(Boolean);
    return `${host}${port === undefined ? '' : `:${port}`}${marks.map((mark) => ` [${mark}]`).join('')}`;
  });
}
