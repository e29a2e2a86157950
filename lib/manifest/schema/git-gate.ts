import { z } from 'zod';
import { repoName as nameInGate } from '../../daemons/contract/git-gate/repos.ts';
import type { GitRepo } from '../types.ts';
import { gitRepo } from './git-repo.ts';
import { gitUser } from './git-user.ts';
import { fail } from './rule.ts';

const REPO_NAME = /^[A-Za-z0-9._][A-Za-z0-9._-]*$/;
const MAX_REPOS = 100;

/** Becomes a path segment and an argument of git in the gate. */
const repoName = z
  .string()
  .superRefine((text, context) => {
    if (nameInGate.safeParse(text).success) return;
    fail(
      context,
      'is not a valid repository name',
      'Use letters, digits, `.`, `_` and `-`, and do not start with `-`.',
    );
  })
  .meta({ pattern: REPO_NAME.source });

const repos = z
  .record(repoName, gitRepo)
  .transform((byName): GitRepo[] => Object.entries(byName).map(([name, repo]) => ({ name, ...repo })))
  // Refines the transform's result, which only exists if every repository is valid.
  .superRefine(refuseTwoAddresses)
  .superRefine(refuseOneFile);

/** In the gate they would be one directory, where file systems ignore case. */
function refuseOneFile(all: readonly GitRepo[], context: z.core.$RefinementCtx): void {
  for (const [index, { name }] of all.entries()) {
    const twin = all.slice(0, index).find((other) => other.name.toLowerCase() === name.toLowerCase());
    if (twin === undefined) continue;
    fail(context, `differs from \`${twin.name}\` only in case`, 'Choose another name.', [name]);
  }
  if (all.length <= MAX_REPOS) return;
  fail(context, `has more than ${MAX_REPOS} repositories`, 'Spread them over several bottles.');
}

/** The gate has one hosts file for all its repositories. */
function refuseTwoAddresses(all: readonly GitRepo[], context: z.core.$RefinementCtx): void {
  const first = new Map<string, { address: string; name: string; url: string }>();
  for (const { name, url, extraHosts } of all) {
    for (const [host, address] of Object.entries(extraHosts)) {
      const earlier = first.get(host);
      if (earlier === undefined) first.set(host, { address, name, url });
      else if (earlier.address !== address) {
        fail(
          context,
          `gives ${host} a different address than \`${earlier.name}\` does: ${address} for ${url}, ${earlier.address} for ${earlier.url}`,
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
    .meta({ description: 'Author of the agent’s commits. Merged with the parent’s, field by field.' }),
  repos: repos.nullish().meta({
    description: 'Name in the gate -> repository. Replaces the parent’s entirely; `{}` clears them.',
  }),
});
