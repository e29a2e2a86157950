#!/usr/bin/env node
import { learnedRoutes } from '../lib/commands/learn/learn.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async () => {
  const flags = parseFlags({
    name: 'learn',
    summary: 'print routes that would admit what a bottle was denied, as YAML to review',
    flags: { bottle: { type: 'string', help: 'the bottle', required: true } },
    notes: [
      'The bottle needs `egress.learn: true`, which admits nothing more. For a host without a route, only host and port',
      'are known; for a host whose route has `matches`, methods and paths are known too.',
    ],
  });
  if (flags === undefined) return 0;
  process.stdout.write(await learnedRoutes(flags.bottle));
  return 0;
});
