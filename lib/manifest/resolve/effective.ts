import { defaultProvider } from '../schema/provider-choice.ts';
import type { BottleManifest, EgressPolicy, Origins } from '../types.ts';
import type { BottleDeclaration, DeclaredUser } from './declaration.ts';
import { mergeUsers } from './merge.ts';

const NO_EGRESS: EgressPolicy = { routes: [], log: 0, learn: false };

/**
 * Overlays the agent's identity on the bottle's and fills in defaults. Also returns the origin of each value.
 */
export function effectiveBottle(
  declared: BottleDeclaration,
  agentUser: DeclaredUser,
): { readonly bottle: BottleManifest; readonly origins: Origins } {
  const { env, envFiles, provider, gitRepos, egress, terminal, supervise } = declared;
  const { name, email } = mergeUsers(declared.gitUser, agentUser);
  const user = {
    ...(name === undefined ? {} : { name: name.value }),
    ...(email === undefined ? {} : { email: email.value }),
  };
  const bottle: BottleManifest = {
    env: Object.fromEntries(Object.entries(env).map(([variable, { value }]) => [variable, value])),
    envFiles: envFiles?.value ?? [],
    provider: provider?.value ?? defaultProvider,
    gitGate: { user, repos: gitRepos?.value ?? [] },
    egress: egress?.value ?? NO_EGRESS,
    terminal: terminal?.value ?? { clipboard: false },
    supervise: supervise?.value ?? true,
  };
  const parts = [
    ...Object.values(env),
    envFiles,
    provider,
    name,
    email,
    gitRepos,
    egress,
    terminal,
    supervise,
  ];
  return { bottle, origins: Object.assign({}, ...parts.map((part) => part?.origins)) };
}
