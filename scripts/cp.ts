#!/usr/bin/env node
import { copy } from '../lib/commands/cp/copy.ts';
import { placesOf } from '../lib/commands/cp/places.ts';
import { showProgress } from '../lib/commands/cp/progress.ts';
import { asciiJson } from '../lib/host/ascii-json.ts';
import { parseSize, sizeText } from '../lib/host/size.ts';
import { runningBottle } from '../lib/phases/running-bottle.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: 'cp',
    summary: 'copy a file or a folder into a bottle that is up, or out of it',
    flags: {
      bottle: { type: 'string', help: 'the bottle', required: true },
      from: { type: 'string', help: 'a path, `guest:PATH`, or - for standard input', required: true },
      to: { type: 'string', help: 'a path, `guest:PATH`, or - for standard output' },
      'max-size': { type: 'string', help: 'most bytes to take out of the guest; default 4G' },
      'max-entries': { type: 'string', help: 'most files to take out of the guest; default 1000000' },
      'skip-links': { type: 'boolean', help: 'leave out links that may lead out of the copy' },
      json: { type: 'boolean', help: 'print what was copied as JSON' },
    },
    notes: [
      'Paths in the guest start in the session’s directory; `~` is the agent’s home. TO may be left out.',
      'As with `docker cp`: a folder that exists is copied into; FROM=folder/. means what is in the folder.',
      '- is a file’s content; a tar archive when it is a folder, or TO ends with /.',
    ],
  });
  if (flags === undefined) return 0;
  const places = placesOf(flags.from, flags.to);
  const limits = {
    maxBytes: parseSize(flags['max-size'] ?? '4G'),
    maxEntries: parseSize(flags['max-entries'] ?? '1000000'),
    skipsLinks: flags['skip-links'],
  };
  const say = flags.verbosity === 'quiet' ? () => {} : line;
  const { bottle } = await runningBottle(flags.bottle);
  const progress = showProgress(flags.verbosity !== 'quiet');
  try {
    const { target, notices } = await copy(places, limits, { bottle, signal, say, onBytes: progress.add });
    progress.end();
    for (const notice of notices) say(notice);
    if (flags.json && target !== '-') {
      const { bytes } = progress;
      process.stdout.write(`${asciiJson({ bottle: flags.bottle, target, bytes, notices })}\n`);
    } else
      say(`copied to ${places.direction === 'in' ? 'guest:' : ''}${target} (${sizeText(progress.bytes)})`);
    return 0;
  } finally {
    progress.end();
  }
});
