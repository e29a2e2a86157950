#!/usr/bin/env node
import { keptRoutes } from '../lib/commands/routes/keep-routes.ts';
import { requireBottle } from '../lib/phases/running-bottle.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async () => {
  const flags = parseFlags({
    name: 'keep-routes',
    summary: 'print the routes that were granted to a bottle, as YAML for its manifest, to review',
    flags: { bottle: { type: 'string', help: 'the bottle', required: true } },
  });
  if (flags === undefined) return 0;
  await requireBottle(flags.bottle);
  process.stdout.write(await keptRoutes(flags.bottle));
  return 0;
});
