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
/** A script that prints its arguments and working directory. */
const PRINTS_ARGUMENTS =
  'console.log(JSON.stringify({ cwd: process.cwd(), args: process.argv.slice(2) }));\n';

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
  for (const name of ['launch', 'info', 'cp', 'diff'])
    writeFileSync(join(kit, 'scripts', `${name}.ts`), PRINTS_ARGUMENTS);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Runs make as a shell in `from` does. */
function make(args: readonly string[], from = project, env: Record<string, string> = {}) {
  const PATH = [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter);
  const result = spawnSync('make', args, { cwd: from, env: { PATH, PWD: from, ...env }, encoding: 'utf8' });
  return { ...result, printed: result.status === 0 ? JSON.parse(result.stdout) : undefined };
}

describe('make', () => {
  it('make runs commands in the caller’s directory, even with `make -s -C`', () => {
    expect(make(['info', 'AGENT=dev'], kit).printed.cwd).toBe(kit);
    expect(make(['-s', '-C', kit, 'info', 'AGENT=dev']).printed.cwd).toBe(project);
  });

  it('make runs commands in BOT_BOTTLE_CWD, or in the kit without PWD', () => {
    expect(make(['info', `BOT_BOTTLE_CWD=${project}`], kit).printed.cwd).toBe(project);
    expect(make(['info'], kit, { BOT_BOTTLE_CWD: project }).printed.cwd).toBe(project);
    expect(make(['info'], kit, { PWD: '' }).printed.cwd).toBe(kit);
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
  ])('make passes the value %j unchanged, from command line and environment', (value) => {
    expect(make(['-s', '-C', kit, 'launch', `AGENT=${value}`, `LABEL=${value}`]).printed.args).toEqual(
      expect.arrayContaining(['--agent', value, '--label', value]),
    );
    expect(make(['-s', '-C', kit, 'launch'], project, { AGENT: value }).printed.args).toContain(value);
    for (const folder of [kit, project]) expect(existsSync(join(folder, 'pwned'))).toBe(false);
  });

  it('ENV_FILE counts only on the command line, since a shell may export such a name', () => {
    const { args } = make(['-s', '-C', kit, 'launch', "ENV_FILE=it's.env"]).printed;
    expect(args).toEqual(['--agent', '', '--dotenv', "it's.env"]);
    expect(make(['-s', '-C', kit, 'launch'], project, { ENV_FILE: 'a' }).printed.args).toEqual([
      '--agent',
      '',
    ]);
  });

  it('FROM, TO and FILE reach the scripts literally, and only from the command line', () => {
    const value = '$(touch pwned) `id` "x" #';
    const copy = make(['-s', '-C', kit, 'cp', 'BOTTLE=b', `FROM=${value}`, `TO=guest:${value}`]).printed;
    expect(copy.args).toEqual(['--bottle', 'b', '--from', value, '--to', `guest:${value}`]);
    const diff = ['-s', '-C', kit, 'diff', 'BOTTLE=b'];
    expect(make([...diff, `FILE=${value}`]).printed.args).toEqual(['--bottle', 'b', '--file', value]);
    expect(make(diff, project, { FILE: 'x', FROM: 'y' }).printed.args).toEqual(['--bottle', 'b']);
    for (const folder of [kit, project]) expect(existsSync(join(folder, 'pwned'))).toBe(false);
  });

  it('make treats 0, no and false as off', () => {
    expect(make(['-s', '-C', kit, 'launch', 'YES=1', 'DRY_RUN=yes']).printed.args).toEqual(
      expect.arrayContaining(['--yes', '--dry-run']),
    );
    const { args } = make(['-s', '-C', kit, 'launch', 'YES=0', 'DRY_RUN=no']).printed;
    expect(args).toEqual(['--agent', '']);
  });
});

it('every program that the Makefile runs exists', () => {
  const makefile = readFileSync(join(KIT, 'Makefile'), 'utf8');
  // RUN ends in a directory, to which the path is appended; DEV ends in a word.
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
