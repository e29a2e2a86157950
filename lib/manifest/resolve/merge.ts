import type { BottleDeclaration, DeclaredUser } from './declaration.ts';

/**
 * Overlays `over` on `base`: a child on its parent, a later bottle on an earlier one. `env` is merged by name
 * and the git user by field. Everything else is replaced as a whole, so an explicit empty list clears.
 * Associative, with `NOTHING_DECLARED` as the identity element.
 */
export function mergeBottles(base: BottleDeclaration, over: BottleDeclaration): BottleDeclaration {
  return {
    env: { ...base.env, ...over.env },
    envFiles: over.envFiles ?? base.envFiles,
    provider: over.provider ?? base.provider,
    gitUser: mergeUsers(base.gitUser, over.gitUser),
    gitRepos: over.gitRepos ?? base.gitRepos,
    egress: over.egress ?? base.egress,
    terminal: over.terminal ?? base.terminal,
    supervise: over.supervise ?? base.supervise,
  };
}

/** Merges field by field, keeping the fields that `over` leaves out. */
export function mergeUsers(base: DeclaredUser, over: DeclaredUser): DeclaredUser {
  return { name: over.name ?? base.name, email: over.email ?? base.email };
}
