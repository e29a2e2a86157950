#!/usr/bin/env node
import { echo } from 'zx';
import { fetchWork } from '../lib/commands/fetch/fetch-work.ts';
import { workText } from '../lib/commands/fetch/work-text.ts';
import { asciiJson } from '../lib/host/ascii-json.ts';
import { parseSize } from '../lib/host/size.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: 'fetch',
    summary: 'bring a bottle’s commits and uncommitted work home, as refs of your repository',
    flags: {
      bottle: { type: 'string', help: 'the bottle', required: true },
      'max-size': { type: 'string', help: 'how much one repository may send, such as 10G; default 4G' },
      json: { type: 'boolean', help: 'print what was fetched as JSON on stdout' },
    },
    notes: ['Changes no branch, tag or file of yours: the work is in refs/bottles/<bottle>/.'],
  });
  if (flags === undefined) return 0;
  const given = flags['max-size'];
  const options = { signal, ...(given === undefined ? {} : { maxBytes: parseSize(given) }) };
  const fetched = await fetchWork(flags.bottle, options);
  if (flags.json) {
    echo(asciiJson(fetched, 2));
    return 0;
  }
  const text = await workText(flags.bottle, fetched);
  const isNew = fetched.some(({ changed }) => changed.length > 0);
  if (text === '') line('there is no work to fetch: the bottle’s files and commits are those that went in');
  else {
    if (!isNew) line('nothing is new since the last fetch');
    echo(text);
  }
  return 0;
});
