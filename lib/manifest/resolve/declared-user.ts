import type { GitUser } from '../types.ts';
import type { DeclaredUser } from './declaration.ts';
import type { ReadFile } from './read-file.ts';

/** Returns the git identity that a bottle or an agent declares, field by field. */
export function declaredUser(read: ReadFile<unknown>, user: GitUser | null | undefined): DeclaredUser {
  const field = (key: keyof GitUser) => {
    const value = user?.[key];
    return value === undefined ? undefined : read.declared(value, ['git-gate', 'user', key]);
  };
  return { name: field('name'), email: field('email') };
}
