#!/usr/bin/env node
import { listRoutes, routesListText } from '../lib/commands/routes/list-routes.ts';
import { asciiJson } from '../lib/host/ascii-json.ts';
import { requireBottle } from '../lib/phases/running-bottle.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async () => {
  const flags = parseFlags({
    name: 'routes',
    summary: 'list what a bottle may let out: the prepared routes, and what was granted since',
    flags: {
      bottle: { type: 'string', help: 'the bottle', required: true },
      json: { type: 'boolean', help: 'print each route as a line of JSON' },
    },
  });
  if (flags === undefined) return 0;
  await requireBottle(flags.bottle);
  const listed = await listRoutes(flags.bottle);
  const text = flags.json ? listed.map((route) => asciiJson(route)).join('\n') : routesListText(listed);
  if (text !== '') process.stdout.write(`${text}\n`);
  return 0;
});
