#!/usr/bin/env node
import { echo } from 'zx';
import { describeAgents, describeBottles } from '../lib/commands/list/describe-manifests.ts';
import { manifestTables } from '../lib/commands/list/manifest-tables.ts';
import { manifestSources } from '../lib/manifest/sources.ts';
import { manifestWarnings } from '../lib/manifest/warnings.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { line, paint } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async () => {
  const flags = parseFlags({
    name: 'list',
    summary: 'list the agents and the bottles that can be launched',
    flags: { json: { type: 'boolean', help: 'print it as JSON' } },
  });
  if (flags === undefined) return 0;
  const sources = manifestSources();
  const [agents, bottles, warnings] = await Promise.all([
    describeAgents(sources),
    describeBottles(sources),
    manifestWarnings(sources),
  ]);
  echo(
    flags.json
      ? JSON.stringify({ agents, bottles }, null, 2)
      : manifestTables(agents, bottles, process.stdout.columns),
  );
  if (flags.verbosity !== 'quiet') {
    for (const warning of warnings) line(`${paint('yellow', '!')} ${warning}`);
  }
  return 0;
});
