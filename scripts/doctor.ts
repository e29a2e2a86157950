#!/usr/bin/env node
import { chalk, echo } from 'zx';
import { diagnose } from '../lib/commands/doctor/doctor.ts';
import { parseFlags } from '../lib/terminal/flags.ts';
import { columns } from '../lib/terminal/output.ts';
import { runScript } from '../lib/terminal/run-script.ts';

const MARKS = { ok: chalk.green('✓'), warning: chalk.yellow('!'), problem: chalk.red('✗') };

await runScript(async () => {
  const flags = parseFlags({
    name: 'doctor',
    summary: 'check everything that a launch depends on, without changing anything',
    flags: { json: { type: 'boolean', help: 'print the checks as JSON' } },
    notes: ['The exit code is 1 when there is a problem; warnings do not count.'],
  });
  if (flags === undefined) return 0;
  const checks = await diagnose();
  if (flags.json) echo(JSON.stringify(checks, null, 2));
  else {
    const table = columns(checks.map(({ name, detail }) => [name, detail])).split('\n');
    for (const [index, check] of checks.entries()) {
      echo(`${MARKS[check.status]} ${table[index]}`);
      if (check.hint !== undefined) echo(`    ${check.hint}`);
    }
  }
  return checks.some((check) => check.status === 'problem') ? 1 : 0;
});
