import { tryGit } from '../../git/git.ts';
import { openPages, pagerCommand } from '../../terminal/pager.ts';
import type { Change } from '../../workspace/changes.ts';
import type { ReviewedSet } from '../../workspace/reviewed.ts';
import { writeDiff } from './diff.ts';
import { diffPrinter } from './diff-lines.ts';

/** Prints what changed on standard output, through the operator's pager on a terminal. */
export async function printDiff(
  repositories: ReviewedSet,
  options: { readonly only?: readonly Change[]; readonly signal: AbortSignal },
): Promise<void> {
  const pager = pagerCommand(await configuredPager(repositories[0].directory));
  const pages = openPages(pager);
  const printer = diffPrinter(process.stdout.isTTY === true && process.stdout.hasColors());
  try {
    await writeDiff(repositories, { ...options, write: (text) => pages.write(printer.push(text)) });
    await pages.write(printer.end());
  } finally {
    await pages.end();
  }
}

async function configuredPager(directory: string): Promise<string | undefined> {
  const found = await tryGit(directory, ['config', '--get', 'core.pager']);
  return found.exitCode === 0 ? found.stdout.toString().trim() : undefined;
}
