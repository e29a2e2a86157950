import { GIT_CONFIG_FILES, gitTokenSlot, type ReposFile } from '../daemons/contract/git-gate/repos.ts';
import { repositoryOf } from '../forge/repository.ts';
import type { GitRepo, Manifest } from '../manifest/types.ts';
import type { PlanRepo } from '../plan/git.ts';
import type { Plan } from '../plan/schema.ts';
import { defaultApiUrl } from './forge-api.ts';
import { keyFile } from './git-keys.ts';

/** Plans the author of the agent's commits and the repositories behind the gate. */
export function gitPlan({ bottle }: Manifest, cwd: string): Pick<Plan, 'git' | 'gitUser'> {
  const { user, repos } = bottle.gitGate;
  const isNamed = user.name !== undefined || user.email !== undefined;
  const slots = tokenSlots(repos);
  return {
    git: repos.map((repo) => plannedRepo(repo, plannedKey(repo, cwd, slots))),
    ...(isNamed ? { gitUser: { ...user } } : {}),
  };
}

/** Returns host variable -> slot: repositories with one token share its slot. */
function tokenSlots(repos: readonly GitRepo[]): Map<string, string> {
  const variables = repos.flatMap(({ key }) => (key.kind === 'token' ? [key.tokenVariable] : []));
  return new Map([...new Set(variables)].map((variable, index) => [variable, gitTokenSlot(index)]));
}

function plannedKey({ key, upstream }: GitRepo, cwd: string, slots: Map<string, string>): PlanRepo['key'] {
  if (key.kind === 'static') return { kind: 'static', file: keyFile(key.path, cwd) };
  const variable = key.tokenVariable;
  if (key.kind === 'deploy') {
    return {
      kind: 'deploy',
      forge: key.forge,
      apiUrl: key.apiUrl ?? defaultApiUrl(key.forge, upstream.host),
      // Other paths are refused before there is a plan.
      repository: repositoryOf(key.forge, upstream.path) ?? '',
      variable,
    };
  }
  const username = key.username === undefined ? {} : { username: key.username };
  return { kind: 'token', slot: slots.get(variable) ?? '', variable, ...username };
}

/** SSH repositories without a host key are refused before there is a plan. */
function plannedRepo(
  { name, url, upstream, hostKey = '', push, extraHosts }: GitRepo,
  key: PlanRepo['key'],
): PlanRepo {
  return {
    ...{ name, url, ...upstream, hostKey, key },
    push: push && { ...push, branches: push.branches && [...push.branches] },
    extraHosts: { ...extraHosts },
  };
}

/** Returns the gate's configuration: name of a file -> its content. No secrets. */
export function gateFiles({ git }: Pick<Plan, 'git'>): Record<string, string> {
  const file: Omit<ReposFile, 'limits'> = {
    version: 1,
    repos: git.map(({ name, url, key, push }) => ({ name, url, key: keyInGate(key), push })),
  };
  return {
    [GIT_CONFIG_FILES.repos]: `${JSON.stringify(file, null, 2)}\n`,
    [GIT_CONFIG_FILES.knownHosts]: [...new Set(git.filter(({ scheme }) => scheme === 'ssh').map(knownHost))]
      .map((line) => `${line}\n`)
      .join(''),
  };
}

function keyInGate(key: PlanRepo['key']): ReposFile['repos'][number]['key'] {
  if (key.kind !== 'token') return { kind: 'file' };
  return { kind: 'token', slot: key.slot, username: key.username ?? 'git' };
}

/** OpenSSH looks a host on another port than 22 up as `[host]:port`. */
function knownHost({ host, port, hostKey }: PlanRepo): string {
  return `${port === 22 ? host : `[${host}]:${port}`} ${hostKey}`;
}
