import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const KIT = join(import.meta.dirname, '..', '..', '..');
let checkout: string;

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'bk-ci-'));
  mkdirSync(join(checkout, '.ci'));
  mkdirSync(join(checkout, 'bin'));
  copyFileSync(join(KIT, '.ci', 'run'), join(checkout, '.ci', 'run'));
  program('bin/docker', 'exit 0');
});
afterEach(() => rmSync(checkout, { recursive: true }));

function program(path: string, body: string): void {
  writeFileSync(join(checkout, path), `#!/bin/sh\n${body}\n`);
  chmodSync(join(checkout, path), 0o755);
}

/** Runs CI with a `make` and a run of an ordinary user that print these lines and exit with these codes. */
function run(make: readonly [string[], number], user: readonly [string[], number]) {
  const script = ([lines, code]: readonly [string[], number]) =>
    [...lines.map((line) => `echo '${line}'`), `exit ${code}`].join('\n');
  program('bin/make', script(make));
  program('.ci/ordinary-user', `touch ran\n${script(user)}`);
  const { status, stdout } = spawnSync(join(checkout, '.ci', 'run'), {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${join(checkout, 'bin')}:${process.env.PATH}` },
  });
  return { code: status, lines: stdout.trimEnd().split('\n') };
}

it('the last line of CI sums what root and an ordinary user ran', () => {
  const { code, lines } = run(
    [['3 passed, 0 failed', '12 passed, 0 failed, 2 skipped'], 0],
    [['as an ordinary user: 5 passed, 0 failed, 1 skipped'], 0],
  );
  expect(code).toBe(0);
  expect(lines.slice(-2)).toEqual([
    'as an ordinary user: 5 passed, 0 failed, 1 skipped',
    '17 passed, 0 failed, 3 skipped',
  ]);
});

it.each([
  [2, 0, 2],
  [0, 1, 1],
  [2, 1, 2],
])('a make that exits with %i and a user’s run with %i make CI exit with %i', (make, user, expected) => {
  const summary = (code: number) => `1 passed, ${code > 0 ? 1 : 0} failed, 0 skipped`;
  const { code, lines } = run(
    [[summary(make), 'make: *** [Makefile:1: test] Error 1'], make],
    [[`as an ordinary user: ${summary(user)}`], user],
  );
  expect(code).toBe(expected);
  expect(lines.at(-1)).toBe(`2 passed, ${(make > 0 ? 1 : 0) + (user > 0 ? 1 : 0)} failed, 0 skipped`);
});

it('a check that fails before the tests ends CI without a summary', () => {
  const { code, lines } = run(
    [['error: lint'], 2],
    [['as an ordinary user: 5 passed, 0 failed, 1 skipped'], 0],
  );
  expect([code, lines]).toEqual([2, ['error: lint']]);
  expect(existsSync(join(checkout, 'ran'))).toBe(false);
});
