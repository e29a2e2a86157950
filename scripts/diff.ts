#!/usr/bin/env node
import { printDiff } from '../lib/commands/diff/print-diff.ts';
import { statTable, totalLine } from '../lib/commands/diff/stat.ts';
import { asciiJson } from '../lib/host/ascii-json.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';
import { listChanges, patternsOf, selectChanges, shownPath } from '../lib/workspace/changes.ts';
import { findReviewed } from '../lib/workspace/reviewed.ts';

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: 'diff',
    summary: 'show what a bottle has changed, as it was fetched last',
    flags: {
      bottle: { type: 'string', help: 'the bottle', required: true },
      file: { type: 'string', help: 'only this file, folder or glob; may be repeated', multiple: true },
      stat: { type: 'boolean', help: 'only list the files, with their lines' },
      json: { type: 'boolean', help: 'print the list of files as JSON' },
    },
    notes: [
      'Paths are from the repository’s root; several in one value stand on lines of their own.',
      'The pager is $BOT_BOTTLE_PAGER, $GIT_PAGER, git’s core.pager, $PAGER or less; `cat` is none.',
    ],
  });
  if (flags === undefined) return 0;
  const repositories = await findReviewed(flags.bottle);
  const [top] = repositories;
  if (top.baseIsGuess && flags.verbosity !== 'quiet') {
    line('What went into the bottle is not known: comparing with the last commit that it shares with HEAD.');
  }
  const all = await listChanges(repositories);
  const changes = selectChanges(all, patternsOf(flags.file));
  if (flags.json) {
    const files = changes.map((change) => {
      const { status, added = null, deleted = null } = change;
      return { path: shownPath(change), status, added, deleted };
    });
    const { directory: repository, base, result: head } = top;
    process.stdout.write(`${asciiJson({ repository, base, head, files })}\n`);
  } else if (changes.length === 0) {
    if (flags.verbosity !== 'quiet') line('nothing has changed');
  } else if (flags.stat) {
    process.stdout.write(`${statTable(changes, undefined, process.stdout.columns)}\n${totalLine(changes)}\n`);
  } else {
    await printDiff(repositories, { signal, ...(changes.length === all.length ? {} : { only: changes }) });
  }
  return 0;
});
