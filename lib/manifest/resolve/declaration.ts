import type { EgressPolicy, EnvValue, GitRepo, Origins, ProviderChoice, TerminalPolicy } from '../types.ts';

/** A declared value, with its origin and the origins of its parts. */
export interface Declared<T> {
  readonly value: T;
  readonly origins: Origins;
}

export interface DeclaredUser {
  readonly name: Declared<string> | undefined;
  readonly email: Declared<string> | undefined;
}

/** What one bottle file declares. Undefined values come from its parent or the defaults. */
export interface BottleDeclaration {
  readonly env: Readonly<Record<string, Declared<EnvValue>>>;
  readonly envFiles: Declared<readonly string[]> | undefined;
  readonly provider: Declared<ProviderChoice> | undefined;
  readonly gitUser: DeclaredUser;
  readonly gitRepos: Declared<readonly GitRepo[]> | undefined;
  readonly egress: Declared<EgressPolicy> | undefined;
  readonly terminal: Declared<TerminalPolicy> | undefined;
  readonly supervise: Declared<boolean> | undefined;
}

export const NOTHING_DECLARED: BottleDeclaration = {
  env: {},
  envFiles: undefined,
  provider: undefined,
  gitUser: { name: undefined, email: undefined },
  gitRepos: undefined,
  egress: undefined,
  terminal: undefined,
  supervise: undefined,
};
