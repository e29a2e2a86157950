#!/usr/bin/env node
import { echo } from 'zx';
import { chooseBottle } from '../lib/commands/choose-bottle/choose-bottle.ts';
import { type Progress, showProgress } from '../lib/commands/cp/progress.ts';
import { type Frozen, freeze } from '../lib/commands/freeze/freeze.ts';
import { sizeText } from '../lib/host/size.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

/** More are in the output of --json. */
const MOST_NAMED = 5;

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: 'freeze',
    summary:
      'snapshot the guest of a running bottle, which runs on, so that `make resume` continues from there',
    flags: {
      bottle: { type: 'string', help: 'the bottle; asked for on a terminal' },
      'no-search': { type: 'boolean', help: 'do not look for secrets in the guest’s files' },
      json: { type: 'boolean', help: 'print what was made as JSON on stdout' },
    },
    notes: [
      'The bottle’s CA and what is in the guest’s memory stay out of the snapshot.',
      'A freeze replaces the one before when it is whole.',
    ],
  });
  if (flags === undefined) return 0;
  const fits = ({ state }: { state: string }) => state === 'up' || state === 'launching';
  const slug = await chooseBottle(flags.bottle, { verb: 'freeze', kind: 'running', fits }, signal);
  const say = flags.verbosity === 'quiet' ? () => {} : line;
  let progress: Progress | undefined;
  try {
    const frozen = await freeze(slug, {
      ...{ signal, say, searches: !flags['no-search'] },
      onStart(expected) {
        progress = showProgress(flags.verbosity !== 'quiet', expected);
        return progress.add;
      },
    });
    progress?.end();
    for (const notice of noticesOf(frozen)) say(notice);
    if (flags.json) echo(JSON.stringify(frozen));
    else {
      say(`frozen: ${frozen.path} (${sizeText(frozen.bytes)})`);
      say(`to continue from here when it is down: make resume BOTTLE=${slug}`);
      say(`to take it to another machine: make export BOTTLE=${slug} FILE=${slug}.tar.zst`);
    }
    return 0;
  } finally {
    progress?.end();
  }
});

function noticesOf({ changed, secrets }: Frozen): string[] {
  const first = changed.slice(0, MOST_NAMED);
  const more = changed.length - first.length;
  return [
    ...first,
    ...(more > 0 ? [`and ${more} more paths like these`] : []),
    ...secrets.map(
      ({ path, kinds }) =>
        `${path} holds what looks like a secret (${kinds.join(', ')}), and so does the snapshot`,
    ),
  ];
}
