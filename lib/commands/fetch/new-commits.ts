import { bottleRef } from '../../git/bottle-refs.ts';
import { git } from '../../git/git.ts';
import { presentObjects } from '../../workspace/receive-objects.ts';

/** A commit of a bottle that no branch or tag of the person's repository has. */
export interface NewCommit {
  /** Abbreviated id and subject; may have control characters. */
  readonly text: string;
  /** Whether its upstream has it, as the git gate saw last. */
  readonly isPushed: boolean;
}

/** Returns a bottle's new commits, newest first, without the one of uncommitted work. `tips`: what upstreams have. */
export async function newCommits(root: string, slug: string, tips: readonly string[]): Promise<NewCommit[]> {
  const prefixes = ['heads', 'tags', 'HEAD'].map((name) => bottleRef(slug, name));
  const refs = await git(root, ['for-each-ref', '--format=%(refname)', ...prefixes]);
  const names = refs.split('\n').filter((name) => name !== '');
  if (names.length === 0) return [];
  const hidden = ['--not', '--branches', '--tags'];
  const listed = await listing(root, ['log', '--format=%H %h %s', '--stdin', ...hidden], names);
  if (listed.length === 0) return [];
  const known = await presentObjects(root, tips);
  const excluded = known.map((id) => `^${id}`);
  const unpushed = new Set(await listing(root, ['rev-list', '--stdin', ...hidden], [...names, ...excluded]));
  return listed.map((line) => {
    const space = line.indexOf(' ');
    return { text: line.slice(space + 1), isPushed: !unpushed.has(line.slice(0, space)) };
  });
}

async function listing(root: string, args: readonly string[], input: readonly string[]): Promise<string[]> {
  const printed = await git(root, args, { input: input.map((line) => `${line}\n`).join('') });
  return printed.split('\n').filter((line) => line !== '');
}
