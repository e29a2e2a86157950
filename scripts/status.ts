#!/usr/bin/env node
import { echo } from 'zx';
import { bottleStatuses } from '../lib/commands/status/status.ts';
import { statusTable } from '../lib/commands/status/status-table.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async () => {
  const flags = parseFlags({
    name: 'status',
    summary: 'list bottles and their states',
    flags: { json: { type: 'boolean', help: 'print it as JSON' } },
  });
  if (flags === undefined) return 0;
  const bottles = await bottleStatuses();
  echo(flags.json ? JSON.stringify(bottles, null, 2) : statusTable(bottles));
  return 0;
});
