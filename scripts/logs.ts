#!/usr/bin/env node
import { parseFlags } from '../lib/cli/flags.ts';
import { runScript } from '../lib/cli/run-script.ts';
import { printLogs } from '../lib/commands/logs.ts';

await runScript(async ({ signal }) => {
  const flags = parseFlags({
    name: 'logs',
    summary: 'print what a bottle’s daemons said',
    flags: {
      bottle: { type: 'string', help: 'the bottle', required: true },
      follow: { type: 'boolean', help: 'go on as they say more' },
    },
  });
  if (flags === undefined) return 0;
  await printLogs(flags.bottle, { follow: flags.follow, signal });
  return 0;
});
