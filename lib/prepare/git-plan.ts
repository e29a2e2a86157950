import { GIT_CONFIG_FILES, type ReposFile } from '../daemons/contract/git-gate/repos.ts';
import type { GitRepo, Manifest } from '../manifest/types.ts';
import type { PlanRepo } from '../plan/git.ts';
import type { Plan } from '../plan/schema.ts';
import { keyFile } from './git-keys.ts';

/** Plans the author of the agent's commits and the repositories behind the gate. */
export function gitPlan({ bottle }: Manifest, cwd: string): Pick<Plan, 'git' | 'gitUser'> {
  const { user, repos } = bottle.gitGate;
  const isNamed = user.name !== undefined || user.email !== undefined;
  return { git: repos.map((repo) => plannedRepo(repo, cwd)), ...(isNamed ? { gitUser: { ...user } } : {}) };
}

/** Deploy keys and repositories without a host key are refused before there is a plan. */
function plannedRepo(
  { name, url, upstream, hostKey = '', key, push, extraHosts }: GitRepo,
  cwd: string,
): PlanRepo {
  return {
    ...{ name, url, ...upstream, hostKey },
    keyFile: key.kind === 'static' ? keyFile(key.path, cwd) : '',
    push: push && { ...push, branches: push.branches && [...push.branches] },
    extraHosts: { ...extraHosts },
  };
}

/** Returns the gate's configuration: name of a file -> its content. No secrets. */
export function gateFiles({ git }: Pick<Plan, 'git'>): Record<string, string> {
  const file: Omit<ReposFile, 'limits'> = {
    version: 1,
    repos: git.map(({ name, url, push }) => ({ name, url, key: 'static', push })),
  };
  return {
    [GIT_CONFIG_FILES.repos]: `${JSON.stringify(file, null, 2)}\n`,
    [GIT_CONFIG_FILES.knownHosts]: [...new Set(git.map(knownHost))].map((line) => `${line}\n`).join(''),
  };
}

/** OpenSSH looks a host on another port than 22 up as `[host]:port`. */
function knownHost({ host, port, hostKey }: PlanRepo): string {
  return `${port === 22 ? host : `[${host}]:${port}`} ${hostKey}`;
}
