#!/usr/bin/env node
import { echo } from 'zx';
import { checkLabel } from '../lib/bottle/label.ts';
import { showProgress } from '../lib/commands/cp/progress.ts';
import { importBottle } from '../lib/commands/move/import-bottle.ts';
import { parseSize } from '../lib/host/size.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: 'import',
    summary: 'take a bottle from a file that `export` has written, to resume it here',
    flags: {
      file: { type: 'string', help: 'the file', required: true },
      label: { type: 'string', help: 'another label, which also makes its name' },
      'max-size': { type: 'string', help: 'most bytes to unpack; default 64G' },
      json: { type: 'boolean', help: 'print the bottle’s name as JSON on stdout' },
    },
    notes: [
      'Its agent and bottles must be in this machine’s manifests; its work belongs to the working directory.',
    ],
  });
  if (flags === undefined) return 0;
  const say = flags.verbosity === 'quiet' ? () => {} : line;
  const progress = showProgress(flags.verbosity !== 'quiet');
  try {
    const { slug, exported, work } = await importBottle({
      file: flags.file,
      cwd: process.cwd(),
      label: checkLabel(flags.label),
      maxBytes: parseSize(flags['max-size'] ?? '64G'),
      ...{ signal, onBytes: progress.add },
    });
    progress.end();
    const { agent_name, bottle_names } = exported.metadata;
    say(
      `imported ${slug}; it needs the agent ${agent_name}${bottle_names.length === 0 ? '' : ` and ${bottle_names.join(', ')}`}`,
    );
    if (work !== undefined) {
      const refs = `'refs/bottles/${exported.slug}/*:refs/bottles/${slug}/*'`;
      say(`to take its work into a repository: git fetch ${work} ${refs}`);
    }
    if (flags.json) echo(JSON.stringify({ slug, work: work ?? null }));
    else say(`to continue: make resume BOTTLE=${slug}`);
    return 0;
  } finally {
    progress.end();
  }
});
