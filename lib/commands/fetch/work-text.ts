import { bottlePaths } from '../../bottle/paths.ts';
import { bottleRef } from '../../git/bottle-refs.ts';
import { tryGit } from '../../git/git.ts';
import { shortPath } from '../../host/short-path.ts';
import { visibleName } from '../../host/visible.ts';
import type { FetchedRepository } from '../../workspace/fetch-repository.ts';
import { upstreamTips } from '../../workspace/upstream-tips.ts';
import { newCommits } from './new-commits.ts';

/** How many commits and files are named. */
const MOST = 20;

/** Describes fetched work, and how to look at it and take it; empty when nothing came. For people. */
export async function workText(slug: string, fetched: readonly FetchedRepository[]): Promise<string> {
  const tips = await upstreamTips(bottlePaths.gitMirrors(slug));
  const parts = await Promise.all(fetched.map((one) => repositoryText(slug, one, tips)));
  return parts.filter((part) => part !== '').join('\n');
}

async function repositoryText(
  slug: string,
  fetched: FetchedRepository,
  tips: readonly string[],
): Promise<string> {
  const { root, hasWork, warnings, branch } = fetched;
  const warned = warnings.map((line) => `warning: ${visibleName(line)}`);
  if (!hasWork) return warned.join('\n');
  const ref = (name: string) => bottleRef(slug, name);
  const [commits, uncommitted, stat] = await Promise.all([
    newCommits(root, slug, tips),
    uncommittedFiles(root, slug),
    statOf(fetched),
  ]);
  const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;
  const head = branch === undefined ? ref('HEAD') : ref(`heads/${branch}`);
  const hasCommits = commits.length > 0;
  const pushed = commits.filter(({ isPushed }) => isPushed).length;
  const mark = pushed === 0 ? '' : ` (${pushed} of them upstream)`;
  return [
    `the work is in ${shortPath(root)}: ${count(commits.length, 'commit')}${mark}, ${count(uncommitted, 'uncommitted file')}, as ${ref('*')}`,
    ...commits
      .slice(0, MOST)
      .map(({ text, isPushed }) => `  ${visibleName(text)}${isPushed ? '  (upstream)' : ''}`),
    ...(commits.length > MOST ? [`  and ${commits.length - MOST} more`] : []),
    ...stat.map((line) => ` ${visibleName(line)}`),
    ...warned,
    `  look:   make diff BOTTLE=${slug}${hasCommits ? `, or git log -p HEAD..${head}` : ''}`,
    ...(hasCommits ? [`  merge:  git merge ${head}`] : []),
    `  apply:  make apply BOTTLE=${slug} takes the files, committed or not, into your working tree`,
  ].join('\n');
}

async function uncommittedFiles(root: string, slug: string): Promise<number> {
  const [wip, head] = [bottleRef(slug, 'wip'), bottleRef(slug, 'HEAD')];
  const parent =
    (await tryGit(root, ['rev-parse', '--quiet', '--verify', head])).exitCode === 0 ? [head] : ['--root'];
  const { exitCode, stdout } = await tryGit(root, [
    'diff-tree',
    '-r',
    '--name-only',
    '--no-commit-id',
    ...parent,
    wip,
  ]);
  return exitCode === 0
    ? stdout
        .toString()
        .split('\n')
        .filter((line) => line !== '').length
    : 0;
}

/** How the files differ from those that went in. */
async function statOf({ root, base, result }: FetchedRepository): Promise<string[]> {
  if (base === undefined || result === undefined) return [];
  const options = [
    '--no-ext-diff',
    '--no-textconv',
    `--stat-count=${MOST}`,
    '--stat=72',
    '--ignore-submodules=none',
  ];
  const { stdout } = await tryGit(root, ['diff', '--stat', ...options, base, result]);
  return stdout
    .toString()
    .split('\n')
    .filter((line) => line !== '');
}
