import type { RoutesFile } from '../../contract/egress/routes.ts';
import type { Policy } from './policy.ts';

/** A repository that the agent reaches through the git gate. */
export type GatedRepo = NonNullable<RoutesFile['git_gate']>[number];

/** The repository that a path of a host belongs to. Case is ignored, as forges do: this only finds advice. */
export function gatedRepo({ gated }: Policy, host: string, path: string): GatedRepo | undefined {
  const asked = `${path.toLowerCase().replace(/\/{2,}/g, '/')}/`;
  return gated.find((repo) => {
    const bare = repo.path.toLowerCase();
    return repo.host === host && (asked.startsWith(`${bare}/`) || asked.startsWith(`${bare}.git/`));
  });
}

/** What the agent can do instead of asking the upstream. */
export function useGate(...repos: readonly GatedRepo[]): string {
  const urls = repos.map(({ name }) => `$GIT_GATE_URL/${name}.git`).join(', ');
  const which = repos.length === 1 ? 'This repository is' : 'Repositories of this host are';
  return `${which} behind the git gate: use ${urls}, or a URL that \`git config --get-regexp insteadOf\` lists.`;
}
