#!/usr/bin/env node
import { grantText } from '../lib/commands/routes/grant-text.ts';
import { asciiJson } from '../lib/host/ascii-json.ts';
import { requireBottle } from '../lib/phases/running-bottle.ts';
import { revokeGrant } from '../lib/supervise/revoke.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { line } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

await runScript(async () => {
  const flags = parseFlags({
    name: 'revoke',
    summary: 'end what was granted to a bottle, and close what is open through it',
    flags: {
      bottle: { type: 'string', help: 'the bottle', required: true },
      id: { type: 'string', help: 'the grant, such as p-0r3k7m; `make routes` lists them', required: true },
      json: { type: 'boolean', help: 'print the grant as JSON' },
    },
  });
  if (flags === undefined) return 0;
  await requireBottle(flags.bottle);
  const grant = await revokeGrant(flags.bottle, flags.id);
  if (flags.json) process.stdout.write(`${asciiJson(grant)}\n`);
  else if (flags.verbosity !== 'quiet') line(`${grant.id}: revoked: ${grantText(grant)}`);
  return 0;
});
