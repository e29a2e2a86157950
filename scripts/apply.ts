#!/usr/bin/env node
import { applyChanges, changesThat, leftOf } from '../lib/commands/apply/apply.ts';
import { conflictError, mergeLine, previewText } from '../lib/commands/apply/apply-text.ts';
import { chooseChanges } from '../lib/commands/apply/choose-changes.ts';
import { judge } from '../lib/commands/apply/judge.ts';
import { printDiff } from '../lib/commands/diff/print-diff.ts';
import { BottleError } from '../lib/errors.ts';
import { asciiJson } from '../lib/host/ascii-json.ts';
import { asking } from '../lib/terminal/ask.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { hasTerminal } from '../lib/terminal/has-terminal.ts';
import { line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';
import { type Change, listChanges, patternsOf, selectChanges, shownPath } from '../lib/workspace/changes.ts';
import { findReviewed } from '../lib/workspace/reviewed.ts';

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: 'apply',
    summary: 'take what a bottle has changed into the working tree, never over your own changes',
    flags: {
      bottle: { type: 'string', help: 'the bottle', required: true },
      file: { type: 'string', help: 'only this file, folder or glob; may be repeated', multiple: true },
      yes: { type: 'boolean', help: 'do not ask' },
      json: { type: 'boolean', help: 'print what was applied and what was left as JSON' },
    },
    notes: [
      'Files that you have changed since are left alone and named; then the exit code is 75.',
      'Neither index nor commits change. docs/review.md says which files are marked, and why.',
    ],
  });
  if (flags === undefined) return 0;
  const say = flags.verbosity === 'quiet' ? () => {} : line;
  const repositories = await findReviewed(flags.bottle);
  const [top] = repositories;
  if (top.baseIsGuess) {
    say('What went into the bottle is not known: comparing with the last commit that it shares with HEAD.');
  }
  const judged = await judge(selectChanges(await listChanges(repositories), patternsOf(flags.file)));
  const ready = changesThat(judged, 'ready');
  if (judged.length > 0) say(previewText(judged, process.stderr.columns));
  if (ready.length > 0 && !flags.yes && !hasTerminal()) {
    throw new BottleError('usage', 'there is no terminal to ask on', {
      hint: 'Look at `make diff`, then add YES=1.',
    });
  }
  const show = (only: readonly Change[]) => printDiff(repositories, { only, signal });
  const chosen =
    flags.yes || ready.length === 0 ? ready : await asking(signal, (ask) => chooseChanges(ask, ready, show));
  const { applied, done, left } = await applyChanges(chosen, signal);
  const allLeft = [...leftOf(judged), ...left];
  if (flags.json) {
    const json = {
      repository: top.directory,
      applied: applied.map(shownPath),
      already: [...changesThat(judged, 'done'), ...done].map(shownPath),
      left: allLeft.map(({ change, reason }) => ({ path: shownPath(change), reason })),
    };
    process.stdout.write(`${asciiJson(json)}\n`);
  }
  say(applied.length === 0 ? 'nothing was applied' : `applied ${applied.length} of ${judged.length} changes`);
  if (top.branches.length > 0) say(mergeLine(flags.bottle, top.branches));
  if (allLeft.length > 0) throw conflictError(allLeft);
  return 0;
});
