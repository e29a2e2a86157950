import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const KIT = join(import.meta.dirname, '..', '..', '..');
/** Prints what a script was given. */
const TELLS = 'console.log(JSON.stringify({ cwd: process.cwd(), args: process.argv.slice(2) }));\n';

let root: string;
let kit: string;
let project: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'makefile-')));
  kit = join(root, 'the kit');
  project = join(root, 'a project');
  mkdirSync(join(kit, 'scripts'), { recursive: true });
  mkdirSync(project);
  cpSync(join(KIT, 'Makefile'), join(kit, 'Makefile'));
  writeFileSync(join(kit, 'scripts', 'setup.sh'), '');
  for (const name of ['launch', 'info']) writeFileSync(join(kit, 'scripts', `${name}.ts`), TELLS);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Runs make as a shell in `from` would. */
function make(args: readonly string[], from = project, env: Record<string, string> = {}) {
  const PATH = [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter);
  const result = spawnSync('make', args, { cwd: from, env: { PATH, PWD: from, ...env }, encoding: 'utf8' });
  return { ...result, told: result.status === 0 ? JSON.parse(result.stdout) : undefined };
}

describe('make', () => {
  it('runs a command where it was called from, with `make -s -C` too', () => {
    expect(make(['info', 'AGENT=dev'], kit).told.cwd).toBe(kit);
    expect(make(['-s', '-C', kit, 'info', 'AGENT=dev']).told.cwd).toBe(project);
  });

  it('runs it where BOT_BOTTLE_CWD says, and in the kit when the shell does not say where it is', () => {
    expect(make(['info', `BOT_BOTTLE_CWD=${project}`], kit).told.cwd).toBe(project);
    expect(make(['info'], kit, { BOT_BOTTLE_CWD: project }).told.cwd).toBe(project);
    expect(make(['info'], kit, { PWD: '' }).told.cwd).toBe(kit);
    expect(make(['info', 'BOT_BOTTLE_CWD=/nowhere'], kit).status).toBe(2);
  });

  it.each([
    'a b',
    '$(id)',
    '$(shell touch pwned)',
    '$$',
    '`touch pwned`',
    '"; touch pwned; "',
    "it's",
    '#1',
    'ü',
    'a\\',
  ])('hands the value %j on as it is, from the command line and from the environment', (value) => {
    expect(make(['-s', '-C', kit, 'launch', `AGENT=${value}`, `LABEL=${value}`]).told.args).toEqual(
      expect.arrayContaining(['--agent', value, '--label', value]),
    );
    expect(make(['-s', '-C', kit, 'launch'], project, { AGENT: value }).told.args).toContain(value);
    for (const folder of [kit, project]) expect(existsSync(join(folder, 'pwned'))).toBe(false);
  });

  it('takes 0, no and false for no', () => {
    expect(make(['-s', '-C', kit, 'launch', 'YES=1', 'DRY_RUN=yes']).told.args).toEqual(
      expect.arrayContaining(['--yes', '--dry-run']),
    );
    const { args } = make(['-s', '-C', kit, 'launch', 'YES=0', 'DRY_RUN=no']).told;
    expect(args).toEqual(['--agent', '']);
  });
});

it('every command of the Makefile names a program that is there', () => {
  const makefile = readFileSync(join(KIT, 'Makefile'), 'utf8');
  // Make's RUN ends in a folder, to which the path is joined; DEV ends in a word.
  const commands = [...makefile.matchAll(/^\t@\$\((?:RUN\)|DEV\) )(?<program>\S*)/gm)];
  const recipes = [...makefile.matchAll(/^\t@\$\((?:RUN|DEV)\)/gm)];
  expect(commands.length).toBe(recipes.length);
  expect(commands.length).toBeGreaterThan(20);
  for (const { groups } of commands) {
    const program = groups?.program ?? '';
    if (!program.includes('$@'))
      expect(existsSync(join(KIT, program)) && program.endsWith('.ts'), program).toBe(true);
  }
});
