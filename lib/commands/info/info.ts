import { printable } from '../../host/printable.ts';
import { shortPath } from '../../host/short-path.ts';
import type { EnvValue, GitRepo, Manifest, ManifestRoute } from '../../manifest/types.ts';
import { credentialText, providerCredentialText } from '../../plan/credential-text.ts';
import { pushText } from '../../plan/git.ts';
import type { Plan } from '../../plan/schema.ts';
import { SIGN_IN_VARIABLE } from '../../plan/sign-in.ts';
import { notProvided } from '../../prepare/egress-plan.ts';
import type { CheckedAgent } from '../../prepare/preflight.ts';
import { agentEnvironment } from '../../prepare/resolve-plan.ts';
import { commandLine } from '../../providers/command-line.ts';

/** One effective value and its origin: `FILE:LINE`, or a word such as `default`. */
export interface Fact {
  key: string;
  value: string;
  from: string;
}

/** Returns the effective settings of an agent, in manifest order; host variables by name, never by value. */
export function factsOf({
  manifest,
  provider,
  credential,
  fileVariables = {},
  command,
  image,
}: CheckedAgent): Fact[] {
  const { agent, bottles, bottle } = manifest;
  const { gitGate, egress } = bottle;
  const fact = (key: string, value: string, at = key): Fact => ({
    key,
    value: printable(value),
    from: originOf(manifest, at),
  });
  const chosen = bottles.map(({ name, file }) => ({ key: 'bottle', value: name, from: shortPath(file) }));
  const provided = credential?.routes ?? [];
  const own = notProvided(egress.routes, provided);
  const prompt = agent.prompt.split('\n');
  return [
    { key: 'agent', value: agent.name, from: shortPath(agent.file) },
    ...chosen,
    { key: 'prompt', value: promptOf(prompt), from: shortPath(agent.file) },
    fact('skills', agent.skills.join(', ') || 'none'),
    fact(
      'agent_provider',
      [bottle.provider.template, ...(command ? [`(${commandLine(command)})`] : [])].join(' '),
    ),
    ...(credential?.credential
      ? [fact('credential', providerCredentialText(credential.credential), 'agent_provider')]
      : []),
    ...Object.entries(bottle.provider.mcpServers).map(([name, url]) =>
      fact(`mcp_servers.${name}`, url, 'agent_provider'),
    ),
    { key: 'image', value: image ? imageOf(image) : 'none', from: image ? imageOrigin(manifest, image) : '' },
    ...Object.entries(bottle.env).map(([name, value]) => fact(`env.${name}`, envOf(value))),
    ...Object.entries(fileVariables).map(([name, file]) =>
      fact(`env.${name}`, `from ${shortPath(file)}`, 'env_file'),
    ),
    ...Object.entries(provider && credential ? agentEnvironment(provider, credential) : {})
      .filter(([name]) => bottle.env[name] === undefined && fileVariables[name] === undefined)
      .map(([name, value]) => ({ key: `env.${name}`, value: printable(value), from: 'provider' })),
    fact('git-gate.user.name', gitGate.user.name ?? 'none'),
    fact('git-gate.user.email', gitGate.user.email ?? 'none'),
    ...gitGate.repos.flatMap((repo) => [
      fact(`git-gate.repos.${repo.name}`, repoOf(repo)),
      fact(`git-gate.repos.${repo.name}.push`, pushText(repo.push)),
    ]),
    ...provided.map((route) => ({ key: 'egress.routes', value: routeOf(route), from: 'provider' })),
    ...egress.routes.map((route, index) =>
      fact(
        `egress.routes[${index}]`,
        `${routeOf(route)}${own.includes(route) ? '' : ' [overridden by the provider]'}`,
      ),
    ),
    fact('egress.log', String(egress.log)),
    fact('egress.pipelock', String(egress.pipelock ?? false)),
    fact('egress.learn', String(egress.learn)),
    fact('egress.explain_denials', String(egress.explainDenials ?? true)),
    ...(bottle.terminal.clipboard ? [fact('terminal.clipboard', 'true')] : []),
    fact('supervise', String(bottle.supervise)),
  ];
}

function originOf({ origins }: Manifest, key: string): string {
  const origin = origins[key];
  return origin === undefined ? 'default' : `${shortPath(origin.file)}:${origin.line}`;
}

function promptOf([first = '', ...more]: readonly string[]): string {
  if (first === '') return 'none';
  return more.length === 0 ? first : `${first} …`;
}

function imageOf(image: Plan['image']): string {
  return image.kind === 'reference' ? image.reference : shortPath(image.dockerfile);
}

function imageOrigin(manifest: Manifest, image: Plan['image']): string {
  if (image.kind === 'reference') return 'BOT_BOTTLE_IMAGE';
  return manifest.bottle.provider.dockerfile === undefined
    ? 'provider'
    : originOf(manifest, 'agent_provider');
}

function envOf(value: EnvValue): string {
  if (value.kind === 'literal') return value.value;
  if (value.kind === 'host') return `\${${value.variable}}, from the launching shell`;
  return value.text === '' ? 'asked for at launch' : `asked for at launch: ${value.text}`;
}

function repoOf({ upstream: { scheme, user, host, port, path }, key }: GitRepo): string {
  const place = `${host}:${port}${path}`;
  return `${scheme === 'https' ? `https://${place}` : `${user}@${place}`} (${keyText(key)})`;
}

function keyText(key: GitRepo['key']): string {
  if (key.kind === 'static') return `key ${key.path}`;
  if (key.kind === 'token') return `token of $${key.tokenVariable}`;
  return `deploy key of ${key.forge}, made with $${key.tokenVariable}`;
}

function routeOf({ host, port, auth, matches, git, dlp }: ManifestRoute): string {
  const marks = [
    auth &&
      `auth:${credentialText(auth)}${auth.tokenRef === SIGN_IN_VARIABLE ? '' : ` of $${auth.tokenRef}`}`,
    matches && `${matches.length} ${matches.length === 1 ? 'match' : 'matches'}`,
    git?.fetch && 'git fetch',
    dlp && 'dlp',
  ].filter(Boolean);
  return `${host}${port === undefined ? '' : `:${port}`}${marks.map((mark) => ` [${mark}]`).join('')}`;
}
