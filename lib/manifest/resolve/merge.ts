import type { BottleDeclaration, DeclaredUser } from './declaration.ts';

/**
 * `base` with what `over` declares in its place: a child over its parent, a later bottle over an earlier one.
 * `env` is merged by name and the git user by field; all else is replaced as a whole, so that an explicit empty
 * list clears. Associative, with `NOTHING_DECLARED` as its neutral element.
 */
export function mergeBottles(base: BottleDeclaration, over: BottleDeclaration): BottleDeclaration {
  return {
    env: { ...base.env, ...over.env },
    provider: over.provider ?? base.provider,
    gitUser: mergeUsers(base.gitUser, over.gitUser),
    gitRepos: over.gitRepos ?? base.gitRepos,
    egress: over.egress ?? base.egress,
    supervise: over.supervise ?? base.supervise,
  };
}

/** Field by field; what `over` leaves out stays. */
export function mergeUsers(base: DeclaredUser, over: DeclaredUser): DeclaredUser {
  return { name: over.name ?? base.name, email: over.email ?? base.email };
}
