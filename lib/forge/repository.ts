import type { Forge } from './forges.ts';

/** GitLab has groups in groups; the others have an owner and a repository. */
const MAX_SEGMENTS: Readonly<Record<Forge, number>> = { gitea: 2, forgejo: 2, github: 2, gitlab: 21 };

/**
 * Returns `OWNER/REPOSITORY` from the path of an SSH URL, as the forge's API names it; undefined when no repository of
 * that forge can have this path.
 */
export function repositoryOf(forge: Forge, path: string): string | undefined {
  const name = path.replace(/^\/+|\/+$/g, '').replace(/\.git$/, '');
  const segments = name.split('/');
  if (segments.length < 2 || segments.length > MAX_SEGMENTS[forge]) return undefined;
  return segments.some((segment) => /^\.{0,2}$/.test(segment)) ? undefined : name;
}
