import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const KIT = join(import.meta.dirname, '..', '..', '..');
let directory: string;
let checkout: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'setup-'));
  checkout = join(directory, 'a checkout');
  const alone = ['lib/host/lock.ts', 'lib/host/child-environment.ts', 'lib/errors.ts'];
  for (const file of ['scripts/setup.sh', 'scripts/with-lock.ts', ...alone]) {
    cpSync(join(KIT, file), join(checkout, file));
  }
  writeFileSync(join(checkout, 'package-lock.json'), '{}');
  mkdirSync(join(directory, 'bin'));
  program('node', `exec '${process.execPath}' "$@"`);
  program('npm', `echo "$*" >> '${directory}/calls'; mkdir -p node_modules`);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function program(name: string, script: string): void {
  writeFileSync(join(directory, 'bin', name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(directory, 'bin', name), 0o755);
}

function setup(before = ''): { code: number | null; output: string } {
  const env = {
    PATH: `${before}${directory}/bin:/usr/bin:/bin`,
    HOME: directory,
    BOT_BOTTLE_CACHE: join(directory, 'cache'),
  };
  const run = spawnSync('sh', [join(checkout, 'scripts', 'setup.sh')], { env, encoding: 'utf8' });
  expect(run.stdout).toBe('');
  return { code: run.status, output: run.stderr };
}

const kit = () => join(checkout, 'node_modules', '.kit');

describe('setup.sh', () => {
  it('setup.sh installs the lock file with the present Node, then prints nothing', () => {
    expect(setup()).toEqual({ code: 0, output: 'setup: installing the npm packages of package-lock.json\n' });
    expect(readlinkSync(join(kit(), 'bin', 'node'))).toBe(process.execPath);
    expect(setup()).toEqual({ code: 0, output: '' });
  });

  it('setup.sh installs again when the lock file is newer than the last install', () => {
    setup();
    const later = new Date(Date.now() + 5_000);
    utimesSync(join(checkout, 'package-lock.json'), later, later);
    expect(setup().output).toContain('installing the npm packages');
  });

  it('setup.sh installs anew when its own link to Node is the first on the PATH, as make has it', () => {
    setup();
    program('npm', 'rm -rf node_modules; mkdir node_modules');
    const later = new Date(Date.now() + 5_000);
    utimesSync(join(checkout, 'package-lock.json'), later, later);
    expect(setup(`${join(kit(), 'bin')}:`).code).toBe(0);
    expect(readlinkSync(join(kit(), 'bin', 'node'))).toBe(process.execPath);
  });

  it('setup.sh links what a version manager’s shim leads to, so that the kit runs in any project', () => {
    const project = join(directory, 'project');
    mkdirSync(project);
    program(
      'node',
      `[ "$PWD" = '${project}' ] && echo 'v20 is pinned here' >&2 && exit 1\nexec '${process.execPath}' "$@"`,
    );
    expect(setup().code).toBe(0);
    const run = spawnSync(join(kit(), 'bin', 'node'), ['-p', '40 + 2'], { cwd: project, encoding: 'utf8' });
    expect([run.stdout, run.stderr]).toEqual(['42\n', '']);
  });

  it('setup.sh does not lean on the link of another checkout, which may go', () => {
    const other = join(directory, 'other');
    mkdirSync(other);
    symlinkSync(process.execPath, join(other, 'node'));
    expect(setup(`${other}:`).code).toBe(0);
    rmSync(other, { recursive: true });
    expect(setup()).toEqual({ code: 0, output: '' });
    expect(existsSync(join(kit(), 'bin', 'node'))).toBe(true);
    expect(readlinkSync(join(kit(), 'bin', 'node'))).toBe(process.execPath);
  });

  it('setup.sh finds Node again, without installing, when its link was removed', () => {
    setup();
    rmSync(join(kit(), 'bin', 'node'));
    expect(setup()).toEqual({ code: 0, output: '' });
    expect(existsSync(join(kit(), 'bin', 'node'))).toBe(true);
  });

  it('setup.sh installs Node from npm when the present one is too old', () => {
    program('node', '[ "$1" = -p ] && echo 20 && exit; mkdir bin && cp ../../real bin/node');
    // Mimics the package that npm unpacks, whose install script creates bin/node.
    const install = `mkdir -p node_modules/node && printf '#!/bin/sh\\nexec "%s" "$@"\\n' '${process.execPath}' > real && chmod 755 real`;
    program('npm', `case $1 in install) ${install} ;; *) mkdir -p node_modules ;; esac`);
    const { code, output } = setup();
    expect(output).toContain('Node 24 or newer was not found: installing Node 24.21.0 from npm');
    expect(code).toBe(0);
    const installed = join(directory, 'cache', 'node-24.21.0', 'node_modules', 'node', 'bin', 'node');
    expect(readlinkSync(join(kit(), 'bin', 'node'))).toBe(installed);
  });

  it.each([
    ['npm error code ECONNREFUSED', 'the npm registry cannot be reached'],
    ['npm error ENOSPC: no space left on device, write', 'the disk is full'],
    ['npm error code SELF_SIGNED_CERT_IN_CHAIN', "the npm registry's certificate is not trusted"],
    ['npm error something else', 'npm could not install the npm packages'],
  ])('setup.sh explains %j, and does not record an install', (words, meaning) => {
    program('npm', `echo 'npm warn noise'; echo '${words}'; exit 1`);
    const { code, output } = setup();
    expect(code).toBe(69);
    expect(output).toContain(words);
    expect(output).toContain(`error: ${meaning}`);
    expect(output).not.toContain('noise');
    expect(existsSync(join(kit(), 'ready'))).toBe(false);
  });
});
