#!/usr/bin/env node
import { echo } from 'zx';
import { pendingUndo } from '../lib/bottle/journal.ts';
import { showProgress } from '../lib/commands/cp/progress.ts';
import { freeze } from '../lib/commands/freeze/freeze.ts';
import { exportBottle } from '../lib/commands/move/export-bottle.ts';
import { sizeText } from '../lib/host/size.ts';
import { requireBottle } from '../lib/phases/running-bottle.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: 'export',
    summary: 'write a bottle’s freeze, transcript and fetched work to a file, for another machine',
    flags: {
      bottle: { type: 'string', help: 'the bottle', required: true },
      file: { type: 'string', help: 'the file to write, such as x.tar.zst', required: true },
      last: { type: 'boolean', help: 'its last freeze, even if it is up' },
      json: { type: 'boolean', help: 'print what was written as JSON on stdout' },
    },
    notes: [
      'A bottle that is up is frozen first, and runs on.',
      'Tokens, keys and values of variables are not in it; what the guest’s disk holds is.',
    ],
  });
  if (flags === undefined) return 0;
  const say = flags.verbosity === 'quiet' ? () => {} : line;
  await requireBottle(flags.bottle);
  if (!flags.last && (await pendingUndo(flags.bottle)).length > 0) {
    say('freezing it first');
    const { secrets } = await freeze(flags.bottle, { signal, say, searches: true, onStart: () => () => {} });
    for (const { path } of secrets) say(`${path} holds what looks like a secret, and so will the file`);
  }
  const progress = showProgress(flags.verbosity !== 'quiet');
  try {
    const exported = await exportBottle(flags.bottle, flags.file, { signal, onBytes: progress.add });
    progress.end();
    if (flags.json) echo(JSON.stringify(exported));
    else {
      const { file, bytes, parts } = exported;
      say(`wrote ${file} (${sizeText(bytes)}): ${['description', ...parts].join(', ')}`);
      say('on the other machine: make import FILE=…');
    }
    return 0;
  } finally {
    progress.end();
  }
});
