#!/usr/bin/env node
import { echo } from 'zx';
import { parseFlags } from '../lib/cli/flags.ts';
import { columns } from '../lib/cli/output.ts';
import { runScript } from '../lib/cli/run-script.ts';
import { bottleStatuses } from '../lib/commands/status.ts';

await runScript(async () => {
  const flags = parseFlags({
    name: 'status',
    summary: 'list the bottles there are, and how each stands',
    flags: { json: { type: 'boolean', help: 'print it as JSON' } },
  });
  if (flags === undefined) return 0;
  const bottles = await bottleStatuses();
  if (flags.json) {
    echo(JSON.stringify(bottles, null, 2));
    return 0;
  }
  if (bottles.length === 0) {
    echo('no bottles');
    return 0;
  }
  const rows = bottles.map((bottle) => [
    bottle.slug,
    bottle.agent,
    bottle.state,
    bottle.phase,
    bottle.since.replace(/\.\d+Z$/, 'Z'),
    bottle.ports,
  ]);
  echo(columns([['BOTTLE', 'AGENT', 'STATE', 'LAST PHASE', 'SINCE', 'PORTS'], ...rows]));
  return 0;
});
