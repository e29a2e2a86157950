#!/usr/bin/env node
import { $ } from 'zx';
import { line, paint } from '../../lib/terminal/output.ts';
import { runScript } from '../../lib/terminal/run-script.ts';

const CHECKS: readonly [name: string, command: readonly string[]][] = [
  ['types', ['tsc', '--noEmit']],
  ['lint and format', ['biome', 'check', '--error-on-warnings', '.']],
  ['arrows', ['depcruise', '--config', '.dependency-cruiser.mjs', 'lib', 'scripts', 'smolvm-fakes']],
];

await runScript(async () => {
  let failed = 0;
  for (const [name, [program, ...args]] of CHECKS) {
    const result = await $({ nothrow: true, quiet: true })`node_modules/.bin/${program} ${args}`;
    line(`${result.ok ? paint('green', '✓') : paint('red', '✗')} ${name}`);
    if (result.ok) continue;
    failed += 1;
    line(`${result.stdout}${result.stderr}`);
  }
  return failed > 0 ? 1 : 0;
});
