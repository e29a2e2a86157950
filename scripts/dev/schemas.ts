#!/usr/bin/env node
import { join } from 'node:path';
import { KIT_DIRECTORY } from '../../lib/host/directories.ts';
import { writeAtomically } from '../../lib/host/files.ts';
import { jsonSchemas } from '../../lib/manifest/json-schemas.ts';
import { parseFlags } from '../../lib/terminal/flags.ts';
import { line } from '../../lib/terminal/output.ts';
import { runScript } from '../../lib/terminal/run-script.ts';

await runScript(async () => {
  const flags = parseFlags({
    name: 'schemas',
    file: 'scripts/dev/schemas.ts',
    summary: 'write the JSON Schemas of bottles and agents for editors',
    flags: {},
    notes: ['Writes fixtures/schemas/{bottle,agent}.schema.json; a test checks that they are up to date.'],
  });
  if (flags === undefined) return 0;
  const folder = join(KIT_DIRECTORY, 'fixtures', 'schemas');
  for (const [name, text] of Object.entries(jsonSchemas())) {
    const file = join(folder, `${name}.schema.json`);
    await writeAtomically(file, text, 0o644);
    if (flags.verbosity !== 'quiet') line(`wrote ${file}`);
  }
  return 0;
});
