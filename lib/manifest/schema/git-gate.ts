import { z } from 'zod';
import type { GitRepo } from '../types.ts';
import { gitRepo } from './git-repo.ts';
import { gitUser } from './git-user.ts';
import { fail } from './rule.ts';

const REPO_NAME = /^[A-Za-z0-9._][A-Za-z0-9._-]*$/;

/** It becomes a path segment in the gate, and an argument of git there. */
const repoName = z
  .string()
  .superRefine((text, context) => {
    if (REPO_NAME.test(text) && text !== '.' && text !== '..') return;
    fail(
      context,
      'is not the name of a repository',
      'Use letters, digits, `.`, `_` and `-`; it does not start with `-`.',
    );
  })
  .meta({ pattern: REPO_NAME.source });

const repos = z
  .record(repoName, gitRepo)
  .transform((byName): GitRepo[] => Object.entries(byName).map(([name, repo]) => ({ name, ...repo })))
  // On the transform's result, which exists only where every repository is right.
  .superRefine(refuseTwoAddresses);

/** The gate has one hosts file for all of its repositories. */
function refuseTwoAddresses(all: readonly GitRepo[], context: z.core.$RefinementCtx): void {
  const first = new Map<string, { address: string; name: string; url: string }>();
  for (const { name, url, extraHosts } of all) {
    for (const [host, address] of Object.entries(extraHosts)) {
      const earlier = first.get(host);
      if (earlier === undefined) first.set(host, { address, name, url });
      else if (earlier.address !== address) {
        fail(
          context,
          `gives ${host} another address than \`${earlier.name}\` does: ${address} for ${url}, ${earlier.address} for ${earlier.url}`,
          'Give each host one address: the gate has one hosts file.',
          [name, 'extra_hosts', host],
        );
      }
    }
  }
}

/** `git-gate` of a bottle. */
export const gitGate = z.strictObject({
  user: gitUser
    .nullish()
    .meta({ description: 'Who the agent’s commits are by. Merged with the parent’s, field by field.' }),
  repos: repos.nullish().meta({
    description: 'Name in the gate -> repository. Replaces the parent’s as a whole; `{}` clears them.',
  }),
});
