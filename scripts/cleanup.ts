#!/usr/bin/env node
import { echo, question } from 'zx';
import { findLeftovers, removeLeftovers } from '../lib/commands/cleanup/cleanup.ts';
import { BottleError } from '../lib/errors.ts';
import { sizeText } from '../lib/host/size.ts';
import { demoSmolvm } from '../lib/prepare/smolvm.ts';
import { findSmolvm, type SmolvmBinary } from '../lib/smolvm/binary.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { columns, line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async () => {
  const flags = parseFlags({
    name: 'cleanup',
    summary: 'find and remove what crashed or killed launches left behind',
    flags: {
      all: { type: 'boolean', help: 'also remove bottles brought up by hand, and kept state' },
      discard: { type: 'boolean', help: 'also remove bottles whose work cannot be fetched' },
      'older-than': {
        type: 'string',
        help: 'also remove kept bottles that were started more than this many days ago',
      },
      unused: {
        type: 'string',
        help: 'days after which unused images and artifacts are offered; default 14',
      },
      yes: { type: 'boolean', help: 'remove without asking' },
      'dry-run': { type: 'boolean', help: 'only list' },
      json: { type: 'boolean', help: 'print the list as JSON' },
    },
    notes: [
      'Bottles that a running launch supervises are never touched.',
      'Artifacts go, the least recently used first, when the cache is larger than BOT_BOTTLE_CACHE_MAX (20G).',
    ],
  });
  if (flags === undefined) return 0;
  const say = flags.verbosity === 'quiet' ? () => {} : line;
  const { 'older-than': olderThan } = flags;
  const leftovers = await findLeftovers(
    {
      ...{ smolvms: await knownSmolvms(), all: flags.all, discard: flags.discard },
      days: {
        unused: daysOf(flags.unused ?? '14'),
        kept: olderThan === undefined ? undefined : daysOf(olderThan),
      },
    },
    say,
  );
  if (flags.json) echo(JSON.stringify(leftovers.map(({ what, why, bytes }) => ({ what, why, bytes }))));
  else
    echo(
      leftovers.length === 0
        ? 'nothing is left over'
        : columns(
            leftovers.map(({ what, why, bytes }) => [what, bytes === undefined ? '' : sizeText(bytes), why]),
          ),
    );
  if (leftovers.length === 0 || flags['dry-run']) return 0;
  if (!flags.yes && !(await confirmed())) {
    say('nothing was removed');
    return 0;
  }
  for await (const what of removeLeftovers(leftovers)) say(`removed ${what}`);
  return 0;
});

function daysOf(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new BottleError('usage', `'${text}' is not a number of days`, { hint: 'Write 30, for instance.' });
}

async function confirmed(): Promise<boolean> {
  if (process.stdin.isTTY) return /^y(es)?$/i.test((await question('Remove all of these? [y/N] ')).trim());
  throw new BottleError('usage', 'there is no terminal to prompt on', {
    hint: 'Use --yes to remove without asking, or --dry-run to only list.',
  });
}

/** Finds the smolvm that launches use, or else the kit's fake, whose machines may be left over too. */
async function knownSmolvms(): Promise<SmolvmBinary[]> {
  try {
    return [await findSmolvm(process.platform === 'linux' ? demoSmolvm() : undefined)];
  } catch (error) {
    if (error instanceof BottleError && error.code === 'smolvm-missing') return [];
    throw error;
  }
}
